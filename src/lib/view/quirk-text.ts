/** A surprise in words: what happened, and what it means to somebody who reads the trace. */
export interface QuirkText {
	readonly title: string;
	readonly meaning: string;
}

const QUIRKS: Readonly<Record<string, QuirkText>> = {
	Q1: {
		title: 'Execute right taken without a TLB flush',
		meaning:
			'A vCPU that cached the translation goes on executing the page and no preexec comes until it is flushed.'
	},
	Q2: {
		title: 'Read right taken without a TLB flush',
		meaning:
			'The entry was write-protected before, so nobody asked for a flush: cached translations go on reading unnoticed.'
	},
	Q3: {
		title: 'Write-only mapping, which EPT forbids',
		meaning:
			'Read tracking alone builds an entry with W but not R: the vCPU leaves with a misconfiguration exit.'
	},
	Q4: {
		title: 'The fast path gave write back to a read-protected entry',
		meaning:
			'A write fault that nobody tracks sets W without R: again an illegal entry, a misconfiguration exit.'
	},
	Q5: {
		title: 'An entry that looks like MMIO to KVM',
		meaning:
			'Without A/D bits a write-and-execute entry has the MMIO pattern: KVM warns, keeps no rmap and emulates.'
	},
	Q6: {
		title: 'Read tracking without execute-only support',
		meaning:
			'New mappings stay readable, so reads of them are not notified; protecting an existing one makes it illegal.'
	},
	Q7: {
		title: 'An entry without any right is rebuilt for ever',
		meaning:
			'The CPU reports “not present”, KVM builds the same entry again: the vCPU loops and no notifier hears of it.'
	},
	Q8: {
		title: 'The first write only maps the page read-only',
		meaning:
			'A write to an unmapped write-tracked page is not emulated at once: it faults a second time, then is notified.'
	},
	Q9: {
		title: 'Prefetch mapped a tracked neighbour with all rights',
		meaning: 'Reads and fetches of that page go unnoticed until its entry is protected again.'
	},
	Q10: {
		title: 'Tracking counters and huge-page counts drifted apart',
		meaning:
			'A huge page may come back over a tracked page, whose accesses then follow the rights of the whole leaf.'
	},
	Q11: {
		title: 'One page’s protection hit a whole huge leaf',
		meaning: 'All pages of the leaf lost the right: each neighbour faults once and is mapped again.'
	},
	Q12: {
		title: 'A moved memslot kept its counters',
		meaning:
			'Counters are held by index: after the move they hold for other gfns than those that were asked for.'
	},
	Q13: {
		title: 'Slot notifications that do not pair',
		meaning:
			'A notifier was told of a slot that never came, or was not told of one that went: its books are wrong.'
	},
	Q14: {
		title: 'Half of a cross-page write stands',
		meaning:
			'The second page asked for a retry after the first was written and notified: the instruction does both again.'
	},
	Q15: {
		title: 'prewrite told of a write that did not happen',
		meaning:
			'A compare-exchange names its new value before it compares; on a mismatch memory keeps the old one.'
	},
	Q16: {
		title: 'Data was offered and the read refused',
		meaning: 'The retry wins: what preread filled in is dropped and the guest reads again.'
	},
	Q17: {
		title: 'A refused fetch that works by coincidence',
		meaning:
			'The retry reaches its target only because two of KVM’s constants, RETRY_INSTR and USER_EXIT, are both 3.'
	},
	Q18: {
		title: 'A consumer that forgets the slot',
		meaning:
			'After the first removed mode the others stay tracked for ever: their counters never come back to zero.'
	},
	Q19: {
		title: 'Protection without EPT means something else',
		meaning: 'Bit 0 is “present” and bit 2 is “user” there: taking “read” or “execute” changes other rights.'
	},
	Q20: {
		title: 'A refused access is repeated without end',
		meaning: 'The verdict stays false, so the vCPU is live-locked; every round notifies all notifiers again.'
	},
	WARN: {
		title: 'KVM warned',
		meaning: 'The host wrote a warning to its log; the event’s own text says which.'
	}
};

/** What a surprise means; null for one that this version does not know. */
export const quirkText = (quirk: string): QuirkText | null =>
	Object.hasOwn(QUIRKS, quirk) ? (QUIRKS[quirk] ?? null) : null;

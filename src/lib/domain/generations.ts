import { MODES, type Mode } from './kinds.ts';

/** Kernel generations of page tracking. Mode numbers of one are never those of another. */
export const GENERATIONS = [
	'mainline-write-1',
	'mainline-write-2',
	'mainline-write-3',
	'rfc-v4',
	'kvmi-v6',
	'kvmi-v7',
	'kvmi-v12',
	'mainline-external',
	'research-sev-step'
] as const;
export type Generation = (typeof GENERATIONS)[number];

export interface GenerationInfo {
	/** The kernels that have it. */
	readonly kernels: string;
	/** Mode by the number that the kernel prints; null: one that this catalogue has no word for. */
	readonly modes: readonly (Mode | null)[];
	/** Names of these numbers in the kernel. */
	readonly modeNames: readonly string[];
	readonly callbacks: readonly string[];
	/** What a trace of such a kernel can tell, and cannot; one sentence each. */
	readonly can: readonly string[];
	readonly cannot: readonly string[];
}

const WRITE_ONLY = { modes: ['write'], modeNames: ['WRITE'] } as const;
const FOUR = { modes: MODES, modeNames: ['PREREAD', 'PREWRITE', 'WRITE', 'PREEXEC'] } as const;
const SIX = [
	'track_preread',
	'track_prewrite',
	'track_write',
	'track_preexec',
	'track_create_slot',
	'track_flush_slot'
];
const onlyWrites = 'Reads and fetches: this kernel tracks writes only.';
const afterwards =
	'What a write is about to do: consumers hear of it after memory changed, and cannot refuse it.';

/** What each generation has (arch/x86/kvm/page_track.c and its header in the kernels named). */
export const GENERATION_INFO: Readonly<Record<Generation, GenerationInfo>> = {
	'mainline-write-1': {
		kernels: '4.6 to 4.9',
		...WRITE_ONLY,
		callbacks: ['track_write'],
		can: ['Which gfns are write-tracked, and each emulated write.'],
		cannot: [onlyWrites, afterwards, 'When a memslot goes: there is no flush callback.']
	},
	'mainline-write-2': {
		kernels: '4.10 to about 5.15',
		...WRITE_ONLY,
		callbacks: ['track_write', 'track_flush_slot'],
		can: ['Which gfns are write-tracked, each emulated write, and when a memslot is flushed.'],
		cannot: [onlyWrites, afterwards]
	},
	'mainline-write-3': {
		kernels: 'about 5.16 to 6.5',
		...WRITE_ONLY,
		callbacks: ['track_write', 'track_flush_slot'],
		can: ['Which gfns are write-tracked, each emulated write, and when a memslot is flushed.'],
		cannot: [onlyWrites, afterwards]
	},
	'rfc-v4': {
		kernels: 'RFC v4 (December 2017, on 4.15-rc)',
		...FOUR,
		callbacks: SIX,
		can: ['All four modes, verdicts, and memslots that appear or are flushed.'],
		cannot: ['The virtual address of an access: callbacks get the physical one only.']
	},
	'kvmi-v6': {
		kernels: 'KVMI series v6 (2019)',
		...FOUR,
		callbacks: SIX,
		can: ['All four modes with virtual addresses, verdicts, descriptor accesses, memslots.'],
		cannot: []
	},
	'kvmi-v7': {
		kernels: 'KVMI series v7 to v11 (2020)',
		...FOUR,
		callbacks: SIX,
		can: ['All four modes with virtual addresses, verdicts, memslots.'],
		cannot: ['Data put in place of a read: a pre-read callback can no longer give any.']
	},
	'kvmi-v12': {
		kernels: 'KVMI series v12 (October 2021)',
		...FOUR,
		callbacks: SIX,
		can: ['All four modes with virtual addresses, verdicts, memslots, also with the TDP MMU.'],
		cannot: ['Pre-writes of newly tracked pages as posted: adding a page has no branch for PREWRITE.']
	},
	'mainline-external': {
		kernels: '6.6 and later, with CONFIG_KVM_EXTERNAL_WRITE_TRACKING',
		modes: [],
		modeNames: [],
		callbacks: ['track_write', 'track_remove_region'],
		can: ['Which gfns are write-tracked, each emulated write, and when a memslot is deleted.'],
		cannot: [onlyWrites, afterwards, 'Which vCPU wrote: the callback gets no vCPU.']
	},
	'research-sev-step': {
		kernels: 'the sev-step research fork',
		modes: ['write', null, null, 'preexec', null],
		modeNames: ['WRITE', 'ACCESS', 'RESET_ACCESSED', 'EXEC', 'RESET_EXEC'],
		callbacks: ['track_write', 'track_flush_slot'],
		can: ['Write and exec tracking by numbers of its own.'],
		cannot: ['Its ACCESS and reset modes: they have no counterpart in the four modes.']
	}
};

/** True if `text` is a label of a generation. */
export const isGeneration = (text: string): text is Generation =>
	(GENERATIONS as readonly string[]).includes(text);

/** The generation of a mainline kernel release (`5.10.0-8-amd64`); null if it is no release, or one before 4.6. */
export function generationOfRelease(release: string): Generation | null {
	const found = /^(\d+)\.(\d+)/.exec(release);
	if (!found) return null;
	const version = Number(found[1]) * 1000 + Number(found[2]);
	if (version >= 6006) return 'mainline-external';
	if (version >= 5016) return 'mainline-write-3';
	if (version >= 4010) return 'mainline-write-2';
	return version >= 4006 ? 'mainline-write-1' : null;
}

/** The mode that `number` stands for in any of `candidates`; null if they disagree or none knows it. */
export function modeOfNumber(candidates: readonly Generation[], number: number): Mode | null {
	const modes = new Set(candidates.map((generation) => GENERATION_INFO[generation].modes[number] ?? null));
	return modes.size === 1 ? ([...modes][0] ?? null) : null;
}

/** True if any of `candidates` has the mode. */
export const mayHaveMode = (candidates: readonly Generation[], mode: Mode): boolean =>
	candidates.some((generation) => {
		const { modes } = GENERATION_INFO[generation];
		return modes.includes(mode) || (generation === 'mainline-external' && mode === 'write');
	});

import { mayHaveMode } from '#lib/domain/generations.ts';
import type { Mode } from '#lib/domain/kinds.ts';
import { skipped } from '../text-scanner.ts';
import { OTHER, type EventLine, type Handler, type TraceContext } from './context.ts';
import { asLevel, asPage, Fields, hexWord } from './fields.ts';

/** Text P of kvm_mmu_get_page and friends, 4.9 to 6.x. */
const PAGE = /^sp (?:gen (?:0x)?[\da-f]+ )?gfn (?:0x)?([\da-f]+) l?(\d+)(?: |\b)(.*)$/;
/**
 * trace-cmd's plugin: level, quadrant, `direct`; older ones have bits 4 to 7 of the role as a number after the level,
 * the top one of which is `direct`.
 */
const PLUGIN = /^(new|existing) sp gfn (?:0x)?([\da-f]+) (\d+)(?:\/(\d+))? q\d( direct\b)?/;
/** The plugin's text of all other events of a shadow page: its role only. */
const PLUGIN_ROLE = /^\d+(?:\/\d+)? q\d/;
/** The outcome of a shadow page's line without its gfn. */
export const NO_GFN = skipped('no-gfn', 'this dialect does not say which page it is about');

interface ShadowPage {
	readonly gfn: number;
	readonly level: number;
	readonly direct: boolean;
	readonly invalid: boolean;
	readonly created: boolean;
}

function parse(body: string): ShadowPage | null {
	const found = PAGE.exec(body.slice(0, 400));
	if (found) {
		const [, gfn = '', level = '', rest = ''] = found;
		const words = rest.trim().split(/\s+/);
		return {
			gfn: asPage(hexWord(gfn)),
			level: asLevel(level),
			direct: words.includes('direct'),
			invalid: words.includes('invalid'),
			created: words.at(-1) === 'new'
		};
	}
	const plugin = PLUGIN.exec(body);
	if (plugin) {
		const [, verdict, gfn = '', level = '', bits = '0', word] = plugin;
		const direct = word !== undefined || (Number(bits) & 8) !== 0;
		return {
			gfn: asPage(hexWord(gfn)),
			level: asLevel(level),
			direct,
			invalid: false,
			created: verdict === 'new'
		};
	}
	return parseRaw(new Fields(body));
}

/** Bits of `role` that have been the same since 4.9: level 0–3, direct 7, invalid 11. */
function parseRaw(raw: Fields): ShadowPage | null {
	const gfn = raw.word('gfn');
	const role = raw.word('role');
	if (gfn === undefined || role === undefined) return null;
	return {
		gfn: asPage(gfn),
		level: asLevel(role & 15n),
		direct: (role & 128n) !== 0n,
		invalid: (role & 2048n) !== 0n,
		created: raw.word('created') === 1n
	};
}

/** account_shadowed: pre-write tracking where the kernel may have it, and write tracking. */
function track(
	kind: 'track_add' | 'track_remove',
	{ tsNs }: EventLine,
	context: TraceContext,
	gfn: number
): 'event' {
	const modes: readonly Mode[] = ['prewrite', 'write'];
	for (const mode of modes)
		if (mayHaveMode(context.candidates, mode)) context.emit({ kind, tsNs, mode, gfn, derived: true });
	return 'event';
}

/**
 * `kvm_mmu_get_page`: a new shadow page above level 1 has its gfn tracked, one at level 1 has it write-protected
 * (account_shadowed and kvm_mmu_get_page, arch/x86/kvm/mmu.c).
 */
export const kvmMmuGetPage: Handler = (line, context) => {
	const page = parse(line.body);
	if (!page) return null;
	if (!page.created || page.direct) return OTHER;
	if (page.level > 1) return track('track_add', line, context, page.gfn);
	context.emit({ kind: 'spte_protect', tsNs: line.tsNs, gfn: page.gfn, protect: 'write', derived: true });
	return 'event';
};

/** `kvm_mmu_prepare_zap_page`: unaccount_shadowed, unless the page was invalid already. */
export const kvmMmuPrepareZapPage: Handler = (line, context) => {
	if (PLUGIN_ROLE.test(line.body)) return NO_GFN;
	const page = parse(line.body);
	if (!page) return null;
	if (page.direct || page.invalid || page.level < 2) return OTHER;
	return track('track_remove', line, context, page.gfn);
};

/** All entries of the VM go, and with them what the TLBs of its vCPUs hold. */
export const kvmMmuZapAll: Handler = ({ tsNs }, context) => {
	context.emit({ kind: 'tlb_flush', tsNs, derived: true });
	return 'event';
};

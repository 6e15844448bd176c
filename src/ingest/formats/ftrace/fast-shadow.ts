import { FLAG } from '#lib/domain/batch.ts';
import { mayHaveMode } from '#lib/domain/generations.ts';
import { KIND_CODES, MODES } from '#lib/domain/kinds.ts';
import { OTHER } from './context.ts';
import { bytesOf, type Cursor } from './cursor.ts';
import type { FastHost, FastReader } from './fast-line.ts';
import { NO_GFN } from './shadow-pages.ts';

const BLANK = 32;
const LETTER_L = 108;
/** Words of a text that are looked at, at most this many bytes in all. */
const REACH = 300;
const WRITE = 1;
const TEXT = {
	SP: bytesOf('sp '),
	GEN: bytesOf('gen '),
	GFN: bytesOf('gfn '),
	SPACE: bytesOf(' '),
	SLASH: bytesOf('/'),
	Q: bytesOf(' q'),
	NEW: bytesOf('new'),
	DIRECT: bytesOf('direct'),
	SPACE_DIRECT: bytesOf(' direct'),
	INVALID: bytesOf('invalid'),
	PLUGIN_NEW: bytesOf('new sp gfn '),
	PLUGIN_OLD: bytesOf('existing sp gfn ')
} as const;

/** The page that was read last. */
const page = { gfn: 0, level: 0, direct: false, invalid: false, created: false, end: 0 };

/** Reads the kernel's text P or the plugin's into `page`. */
function readPage(cursor: Cursor): boolean {
	page.direct = page.invalid = page.created = false;
	if (!cursor.take(TEXT.SP)) return readPlugin(cursor);
	if (cursor.take(TEXT.GEN) && !(cursor.hex64() && cursor.take(TEXT.SPACE))) return false;
	if (!cursor.take(TEXT.GFN) || !cursor.page()) return false;
	page.gfn = cursor.gfn;
	if (!cursor.take(TEXT.SPACE)) return false;
	if (cursor.here(LETTER_L)) cursor.at++;
	page.level = cursor.decimal(1);
	return page.level >= 1 && page.level <= 5 && cursor.here(BLANK) && readWords(cursor);
}

/** The words of the role, each after one blank: `direct`, `invalid`, and whether the last one is `new`. */
function readWords(cursor: Cursor): boolean {
	const { bytes } = cursor;
	const from = cursor.at;
	while (bytes[cursor.at] === BLANK) {
		const word = ++cursor.at;
		let byte = bytes[word] as number;
		while (byte > BLANK && byte < 127) byte = bytes[++cursor.at] as number;
		if (cursor.at === word || cursor.at - from > REACH) return false;
		page.direct ||= cursor.spans(TEXT.DIRECT, word);
		page.invalid ||= cursor.spans(TEXT.INVALID, word);
		page.created = cursor.spans(TEXT.NEW, word);
	}
	page.end = cursor.endOfLine();
	return page.end >= 0;
}

/** trace-cmd's plugin: `new sp gfn 3ab 2 q0 direct …`, or older `2/9 q0 …`, as `PLUGIN` of shadow-pages.ts reads it. */
function readPlugin(cursor: Cursor): boolean {
	page.created = cursor.take(TEXT.PLUGIN_NEW);
	if ((!page.created && !cursor.take(TEXT.PLUGIN_OLD)) || !cursor.page()) return false;
	page.gfn = cursor.gfn;
	if (!cursor.take(TEXT.SPACE)) return false;
	page.level = cursor.decimal(1);
	if (page.level < 1 || page.level > 5) return false;
	const bits = cursor.take(TEXT.SLASH) ? cursor.decimal(2) : 0;
	if (bits < 0 || !cursor.take(TEXT.Q) || cursor.decimal(1) < 0) return false;
	page.direct = (bits & 8) !== 0 || (cursor.take(TEXT.SPACE_DIRECT) && !cursor.inName());
	page.end = cursor.lineEnd();
	return page.end >= 0;
}

function track(host: FastHost, kind: number): number {
	for (const mode of ['prewrite', 'write'] as const) {
		if (!mayHaveMode(host.candidates, mode)) continue;
		const i = host.put(kind, FLAG.place | FLAG.derived);
		host.events.gfn[i] = page.gfn;
		host.events.detail[i] = MODES.indexOf(mode);
	}
	return page.end;
}

/** `kvm_mmu_get_page`, as `kvmMmuGetPage` reads it. */
export const getPage: FastReader = (host) => {
	if (!readPage(host.cursor)) return -1;
	if (!page.created || page.direct) return host.skip(OTHER);
	if (page.level > 1) return track(host, KIND_CODES.track_add);
	const i = host.put(KIND_CODES.spte_protect, FLAG.place | FLAG.derived);
	host.events.gfn[i] = page.gfn;
	host.events.detail[i] = WRITE;
	return page.end;
};

/** `kvm_mmu_prepare_zap_page`, as `kvmMmuPrepareZapPage` reads it. */
export const zapPage: FastReader = (host) => {
	const { cursor } = host;
	const from = cursor.at;
	if (cursor.decimal(4) >= 0) {
		if (cursor.take(TEXT.SLASH) && cursor.decimal(4) < 0) return -1;
		return cursor.take(TEXT.Q) && cursor.decimal(4) >= 0 ? host.skip(NO_GFN) : -1;
	}
	cursor.at = from;
	if (!readPage(cursor)) return -1;
	if (page.direct || page.invalid || page.level < 2) return host.skip(OTHER);
	return track(host, KIND_CODES.track_remove);
};

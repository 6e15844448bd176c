import { describe, expect, test } from 'vitest';
import { faultBits } from '#lib/domain/fault-bits.ts';
import { spteBits } from '#lib/domain/spte-bits.ts';
import type { BitWord } from '#lib/domain/bit-words.ts';

const names = (words: readonly BitWord[]) => words.map((word) => word.name);
const said = (words: readonly BitWord[], name: string) => words.find((word) => word.name === name)?.meaning;

describe('an error code in words', () => {
	test('a nested write by a table walk on AMD names all of its bits', () => {
		// PRESENT, WRITE, USER, GUEST_PAGE
		expect(names(faultBits(0x2_0000_0007n, 'pferr'))).toEqual(['PRESENT', 'WRITE', 'USER', 'GUEST_PAGE']);
	});
	test('a code without WRITE and FETCH is called a read', () => {
		expect(said(faultBits(4n, 'pferr'), 'WRITE, FETCH')).toBe('neither: the access was a read');
		expect(said(faultBits(4n, 'pferr'), 'PRESENT')).toBe('no entry was there');
		// made from an EPT violation, bit 2 says it
		expect(said(faultBits(4n, 'pferr', { fromEpt: true }), 'USER')).toBe(
			'on EPT: the access was a data read'
		);
		expect(names(faultBits(4n, 'pferr', { fromEpt: true }))).not.toContain('WRITE, FETCH');
		expect(names(faultBits(2n, 'pferr', { fromEpt: true }))).not.toContain('USER');
		expect(names(faultBits(0x14n, 'pferr'))).not.toContain('WRITE, FETCH');
	});
	test('an Intel qualification of a fetch that the entry forbade', () => {
		// fetch, R and W allowed, X not, address valid, final page
		const words = faultBits(0x19cn, 'ept');
		expect(said(words, 'fetch')).toBe('the access was an instruction fetch');
		expect(said(words, 'readable')).toBe('the entry allowed reads');
		expect(said(words, 'executable')).toBe('the entry allowed no fetches');
		expect(said(words, 'final page')).toBe('the access was to the final page');
		expect(names(words)).not.toContain('write');
	});
	test('bit 8 of a qualification says nothing while bit 7 is clear', () => {
		expect(names(faultBits(0x101n, 'ept'))).not.toContain('final page');
		expect(said(faultBits(0x81n, 'ept'), 'final page')).toBe(
			'the guest’s own page-table walk made the access'
		);
	});
	test('a write permission fault of arm64 at level 3', () => {
		const words = faultBits((0x24n << 26n) | 0x4fn, 'esr');
		expect(said(words, 'EC')).toBe('data abort');
		expect(said(words, 'DFSC')).toBe('permission fault: an entry was there and forbade the access, level 3');
		expect(said(words, 'WnR')).toBe('the access was a write');
	});
	test('a set bit that nobody named is told all the same', () => {
		expect(names(faultBits((1n << 60n) | 1n, 'ept'))).toContain('bit 60');
		expect(names(faultBits((1n << 20n) | 1n, 'pferr'))).toContain('bit 20');
	});
});

describe('a page-table entry in words', () => {
	test('a write-protected EPT leaf that the fast path may open again', () => {
		// R, X, write-back, ignore PAT, accessed, HOST_ and MMU_WRITEABLE, frame 0x1234
		const words = spteBits(0x1234d75n, 'ept');
		expect(said(words, 'R')).toBe('reads allowed');
		expect(said(words, 'W')).toBe('no writes');
		expect(said(words, 'memory type')).toBe('write-back');
		expect(said(words, 'accessed')).toBe('was used');
		expect(said(words, 'dirty')).toBe('not written through yet');
		expect(said(words, 'frame')).toBe('host page 0x1234');
		expect(names(words)).toContain('fast path');
	});
	test('page tracking takes MMU_WRITEABLE, so that nothing opens it locklessly', () => {
		expect(names(spteBits(0x1234575n, 'ept'))).not.toContain('fast path');
	});
	test('write without read is called illegal on EPT', () => {
		expect(names(spteBits(0x1234c76n, 'ept'))).toContain('illegal');
		expect(names(spteBits(0x1234c77n, 'ept'))).not.toContain('illegal');
	});
	test('an entry without rights is mapped for KVM only', () => {
		expect(said(spteBits(0x1234070n, 'ept'), 'no rights')).toContain('not present');
	});
	test('without A/D bits the saved rights are told instead', () => {
		const words = spteBits((1n << 62n) | (1n << 52n) | 0x1234030n, 'ept');
		expect(names(words)).toContain('saved R');
		expect(names(words)).not.toContain('accessed');
	});
	test('W and X with bit 62 is what KVM writes for MMIO', () => {
		expect(names(spteBits((1n << 62n) | 0x6n, 'ept'))).toEqual(['MMIO']);
	});
	test('bit 0 of an NPT entry is presence, bit 63 forbids fetches', () => {
		const words = spteBits((1n << 63n) | 0x5027n, 'npt');
		expect(said(words, 'P')).toBe('present');
		expect(said(words, 'U')).toBe('user rights suffice');
		expect(said(words, 'NX')).toBe('no fetches');
		expect(said(words, 'accessed')).toBe('was used');
		expect(names(words)).not.toContain('R');
	});
});

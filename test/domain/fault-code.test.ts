import { expect, test } from 'vitest';
import { faultMeaning } from '#lib/domain/fault-code.ts';
import { generationOfRelease, mayHaveMode, modeOfNumber } from '#lib/domain/generations.ts';

test.each([
	// Intel SDM, exit qualification: 0 read, 1 write, 2 fetch, 3-5 rights of the entry, 7 address valid, 8 final page
	['ept', 0x181n, { read: true, write: false, fetch: false, present: false, final: true }],
	['ept', 0x1aan, { read: false, write: true, fetch: false, present: true, final: true }],
	['ept', 0x8cn, { read: false, write: false, fetch: true, present: true, final: false }],
	['ept', 0x1n, { read: true, present: false, final: null }],
	// PFERR: 0 present, 1 write, 3 reserved, 4 fetch, 32 final page, 33 page-table walk
	['pferr', 0x1_0000_0006n, { read: false, write: true, fetch: false, present: false, final: true }],
	['pferr', 0x2_0000_0007n, { write: true, present: true, final: false }],
	['pferr', 0x15n, { read: false, fetch: true, present: true, reserved: false, final: null }],
	['pferr', 0xdn, { read: true, reserved: true }],
	// ESR: class 0x24 data abort, bit 6 write, status 0b0011xx permission fault; class 0x20 instruction abort
	['esr', 0x9380_0046n, { read: false, write: true, fetch: false, present: false }],
	['esr', 0x9380_000fn, { read: true, write: false, present: true }],
	['esr', 0x8200_000en, { read: false, write: false, fetch: true, present: true }]
] as const)('%s code %s is read by its own bits', (meaning, code, expected) => {
	expect(faultMeaning(code, meaning)).toMatchObject(expected);
});

test.each([
	['4.4.0', null],
	['4.9.12', 'mainline-write-1'],
	['4.10', 'mainline-write-2'],
	['5.15.0-91-generic', 'mainline-write-2'],
	['5.16', 'mainline-write-3'],
	['6.5.13', 'mainline-write-3'],
	['6.6.1', 'mainline-external'],
	['7.0', 'mainline-external'],
	['unknown', null]
])('release %s is of generation %s', (release, generation) => {
	expect(generationOfRelease(release)).toBe(generation);
});

test('a mode number means a mode only if all candidates agree', () => {
	expect(modeOfNumber(['mainline-write-1', 'mainline-write-2'], 0)).toBe('write');
	expect(modeOfNumber(['rfc-v4', 'kvmi-v6', 'kvmi-v12'], 0)).toBe('preread');
	expect(modeOfNumber(['mainline-write-2', 'rfc-v4'], 0)).toBe(null);
	expect(modeOfNumber(['mainline-write-2', 'rfc-v4'], 2)).toBe(null);
	expect(modeOfNumber(['research-sev-step'], 1)).toBe(null);
	expect(modeOfNumber(['research-sev-step'], 3)).toBe('preexec');
	expect(mayHaveMode(['mainline-write-3', 'mainline-external'], 'prewrite')).toBe(false);
	expect(mayHaveMode(['mainline-write-3', 'rfc-v4'], 'prewrite')).toBe(true);
	expect(mayHaveMode(['mainline-external'], 'write')).toBe(true);
});

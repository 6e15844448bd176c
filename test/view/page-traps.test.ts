import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MODES } from '#lib/domain/kinds.ts';
import { gridCells, pageTraps, rightsText, TRAP_EXEC, TRAP_READ, TRAP_WRITE } from '#lib/view/page-traps.ts';
import { anyRange } from '../arbitrary.ts';

const none = { preread: [], prewrite: [], write: [], preexec: [] };
const gfns = { from: 0, to: 4 };
test('a counter traps, also where the policy fell silent', () => {
	const runs = { ...none, write: [{ gfn: 1, npages: 2 }] };
	expect([...pageTraps({ runs, silent: null }, null, gfns)]).toEqual([0, TRAP_WRITE, TRAP_WRITE, 0]);
});

test('any runs give what looking at each page gives', () => {
	const run = fc.record({ gfn: fc.nat(60), npages: fc.integer({ min: 1, max: 30 }) });
	const runsOf = fc.array(run, { maxLength: 4 });
	const byMode = fc.record({ preread: runsOf, prewrite: runsOf, write: runsOf, preexec: runsOf });
	const set = fc.record({
		mode: fc.constantFrom(...MODES),
		startGfn: fc.nat(60),
		endGfn: fc.option(fc.nat(90))
	});
	const catches = { preread: TRAP_READ, prewrite: TRAP_WRITE, write: TRAP_WRITE, preexec: TRAP_EXEC };
	fc.assert(
		fc.property(
			byMode,
			fc.option(byMode),
			fc.option(fc.array(set, { maxLength: 5 })),
			anyRange(80),
			(runs, silent, sets, gfns) => {
				const within = (gfn: number, list: readonly { gfn: number; npages: number }[] = []): boolean =>
					list.some((each) => gfn >= each.gfn && gfn < each.gfn + each.npages);
				const expected = Array.from({ length: gfns.to - gfns.from }, (_, i) => {
					const gfn = gfns.from + i;
					return MODES.filter((mode) => {
						const declared = sets?.some(
							(each) => each.mode === mode && gfn >= each.startGfn && gfn < (each.endGfn ?? Infinity)
						);
						return within(gfn, runs[mode]) || (declared && !within(gfn, silent?.[mode]));
					}).reduce((traps, mode) => traps | catches[mode], 0);
				});
				expect([...pageTraps({ runs, silent }, sets, gfns)]).toEqual(expected);
			}
		),
		{ numRuns: 150 }
	);
});

test('what the policy arms traps until it was notified', () => {
	const silent = { ...none, preread: [{ gfn: 2, npages: 1 }] };
	const armed = [{ mode: 'preread' as const, startGfn: 1, endGfn: null }];
	expect([...pageTraps({ runs: none, silent }, armed, gfns)]).toEqual([0, TRAP_READ, 0, TRAP_READ]);
});

test('a single page that differs shows in a cell of many', () => {
	expect([...gridCells(Uint8Array.of(7, 7, 7, 7, 7, 3, 7, 7), 4)]).toEqual([7, 3]);
	expect([...gridCells(Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0), 4)]).toEqual([2, 0]);
});

test('names the rights that are left', () => {
	expect(rightsText(0)).toBe('RWX');
	expect(rightsText(7)).toBe('---');
	expect(rightsText(TRAP_WRITE)).toBe('R-X');
});

import { describe, expect, test } from 'vitest';
import { OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import { pageGoal, timeGoal } from '#lib/view/go-to.ts';

const session = { clock: 'ns', endNs: 40_000_000_000, events: 1000 } as const;
const at = (text: string, of: Parameters<typeof timeGoal>[1] = session) => timeGoal(text, of);

describe('go to a time', () => {
	test('a time with a unit leads there, and says where that is', () => {
		expect(at('300 ms')).toEqual({ to: { tsNs: 300_000_000 }, say: 'To 0.300\u202f000\u202f000\u202fs.' });
	});
	test('a number with a point counts seconds, as times are written on the screen', () => {
		expect(at('12.5').to).toEqual({ tsNs: 12_500_000_000 });
		expect(at('12.204\u202f551\u202f873').to).toEqual({ tsNs: 12_204_551_873 });
	});
	test('a whole number counts ns, and is told how to become seconds', () => {
		expect(at('12').to).toEqual({ tsNs: 12 });
		expect(at('12').say).toContain('A whole number counts ns: write 12s for seconds.');
		expect(at('12s').say).not.toContain('whole number');
	});
	test('instructions and lines have their own units', () => {
		expect(at('1.2', { ...session, clock: 'instructions' }).to).toEqual({ tsNs: 1_200_000_000 });
		expect(at('12', { ...session, clock: 'instructions' }).say).toContain('12G');
		expect(at('', { ...session, clock: 'instructions' }).say).not.toContain('ms');
		expect(at('12', { ...session, clock: 'lines' }).say).not.toContain('whole');
	});
	test('a time beyond the end leads to the end', () => {
		expect(at('41s')).toEqual({
			to: { tsNs: 40_000_000_000 },
			say: "To the session's end, 40.000\u202f000\u202f000\u202fs."
		});
	});
	test('an event leads to the state before it; one after the end leads nowhere', () => {
		expect(at('#1,000').to).toEqual({ seq: 1000 });
		expect(at('#1001')).toEqual({ to: null, say: 'The session ends at #1,000.' });
	});
	test('anything else says what to write', () => {
		for (const text of ['', 'noon', '12.', '1.5 parsecs']) {
			expect(at(text).to).toBeNull();
			expect(at(text).say).toMatch(/^Write a time like 12\.5s .*s, ms, us and ns/);
		}
	});
});

describe('go to a page', () => {
	const lane = (baseGfn: number, npages: number, name: string) => ({
		...{ lane: baseGfn, asId: 0, baseGfn, npages, accesses: 1 },
		...{ slotIds: [3], names: [name] }
	});
	const lanes = [lane(0x100, 0x100, 'pc.ram'), lane(0x100, 0x200, 'other')];

	test('the first lane that holds the gfn shows it', () => {
		const { to, say } = pageGoal('0x1ff', lanes);
		expect(to).toEqual({ gfn: 0x1ff, lane: lanes[0] });
		expect(say).toBe('To gfn 0x1ff of pc.ram, slot 3.');
		expect(pageGoal('gpa:0x200fff', lanes).to).toEqual({ gfn: 0x200, lane: lanes[1] });
	});
	test('the lane outside every memslot shows a gfn that no other holds', () => {
		const outside = { ...lane(0, 0x1000, 'no memslot'), lane: OUTSIDE_LANE, slotIds: [] };
		expect(pageGoal('0x1ff', [outside, ...lanes]).to?.lane).toBe(lanes[0]);
		const { to, say } = pageGoal('0xfff', [outside, ...lanes]);
		expect(to).toEqual({ gfn: 0xfff, lane: outside });
		expect(say).toBe('To gfn 0xfff of no memslot, outside every slot.');
	});
	test('a gfn of no memslot, or no gfn, leads nowhere', () => {
		expect(pageGoal('0x300', lanes)).toEqual({ to: null, say: 'No memslot ever held gfn 0x300.' });
		expect(pageGoal('there', lanes).to).toBeNull();
		expect(pageGoal('', lanes).to).toBeNull();
	});
});

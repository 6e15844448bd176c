import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TraceEvent } from '#lib/domain/events.ts';
import { parseLine } from '#lib/domain/native.ts';
import { hex } from '#lib/domain/units.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { startQemu } from '#ingest/capture/qemu-capture.ts';
import { ingest } from '#ingest/ingest.ts';
import { BootSector, mark } from './boot-sector.ts';
import { BUILD_MS, missing, testPlugin } from './plugin.ts';

if (missing) console.warn(`skipped: captures of real guests: ${missing}`);

let folder = '';
let plugin = '';
let store: TraceStore;
beforeAll(async () => {
	if (missing) return;
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	plugin = await testPlugin();
	store = await openSqliteStore(path.join(folder, 'all.db'));
}, BUILD_MS);
afterAll(async () => {
	if (missing) return;
	await store.close();
	rmSync(folder, { recursive: true, force: true });
});

/** Boots the sector and records it: all events, and how QEMU ended. `untilMark` ends a guest that does not end. */
async function record(name: string, sector: BootSector, pluginArgs: string[], untilMark?: number) {
	const disk = path.join(folder, `${name}.img`);
	writeFileSync(disk, sector.image());
	const command = ['qemu-system-x86_64', '-M', 'pc', '-m', '64', '-net', 'none', '-vga', 'none'];
	const capture = await startQemu({
		command: [...command, '-display', 'none', '-drive', `file=${disk},format=raw`],
		plugin,
		pluginArgs,
		marks: new Map([
			[1, 'begin'],
			[2, 'done "now"']
		]),
		stdout: 'stderr'
	});
	const done = ingest(store, { chunks: capture.lines, name }, { name });
	if (untilMark !== undefined) {
		while (!(await eventsOf(name)).some((each) => each.kind === 'mark' && each.phase === untilMark))
			await sleep(50);
		capture.stop();
	}
	const { diagnostics } = await done;
	return { events: await eventsOf(name), diagnostics, ended: await capture.ended };
}

/** What the store has of a session by now. */
async function eventsOf(name: string): Promise<TraceEvent[]> {
	const session = (await store.listSessions()).find((each) => each.name === name);
	const events: TraceEvent[] = [];
	if (session) for await (const page of eventPages(store, session.id)) events.push(...page);
	return events;
}

/** The events between marks 1 and 2, both left out. */
function window(events: readonly TraceEvent[]): TraceEvent[] {
	const at = (phase: number) => events.findIndex((each) => each.kind === 'mark' && each.phase === phase);
	expect(at(1)).toBeGreaterThan(0);
	expect(at(2)).toBeGreaterThan(at(1));
	return events.slice(at(1) + 1, at(2));
}

/** `write 0x5000 2 @0x7c14`: kind, gpa, bytes, ip. */
const brief = (event: TraceEvent): string =>
	'gfn' in event && 'rip' in event && event.gfn !== undefined && event.rip !== undefined
		? `${event.kind} ${hex(event.gfn * 4096 + (('offset' in event ? event.offset : 0) ?? 0))}` +
			`${'bytes' in event && event.bytes !== undefined ? ` ${event.bytes}` : ''} @0x${event.rip.toString(16)}`
		: event.kind;
const store2 = (at: string, bytes: number, rip: number) =>
	['prewrite', 'write'].map((kind) => `${kind} ${at} ${bytes} @${hex(rip)}`);
const load = (at: string, bytes: number, rip: number) => `preread ${at} ${bytes} @${hex(rip)}`;

describe.skipIf(missing)('a boot sector whose every access is known', { timeout: 60_000 }, () => {
	test('policy always: each access is exactly its notifications, in order, with size and instruction', async () => {
		const sector = new BootSector();
		sector.add(mark(1));
		const expected: string[] = [];
		expected.push(load('0x5123', 1, sector.add('a0 23 51'))); // mov al,[0x5123]
		expected.push(...store2('0x6000', 2, sector.add('c7 06 00 60 34 12'))); // mov word [0x6000],0x1234
		const rmw = sector.add('ff 06 02 60'); // inc word [0x6002]
		expected.push(load('0x6002', 2, rmw), ...store2('0x6002', 2, rmw));
		const straddle = sector.add('66 83 06 fe 8f 01'); // add dword [0x8ffe],1: two bytes in each page
		expected.push(load('0x8ffe', 2, straddle), load('0x9000', 2, straddle));
		expected.push(...store2('0x8ffe', 2, straddle), ...store2('0x9000', 2, straddle));
		const xchg = sector.add('87 06 04 50'); // xchg ax,[0x5004], which locks
		expected.push(load('0x5004', 2, xchg), ...store2('0x5004', 2, xchg));
		const locked = sector.add('f0 ff 06 06 50'); // lock inc word [0x5006]
		expected.push(load('0x5006', 2, locked), ...store2('0x5006', 2, locked));
		expected.push(...store2('0x5efe', 2, sector.add('50'))); // push ax
		expected.push(load('0x5efe', 2, sector.add('58'))); // pop ax
		expected.push(...store2('0xa010', 1, sector.add('c6 06 10 a0 c3'))); // mov byte [0xa010],0xc3 (ret)
		expected.push(...store2('0x5efe', 2, sector.call(0xa010)));
		expected.push('preexec 0xa010 @0xa010', load('0x5efe', 2, 0xa010));
		sector.add('b9 03 00', 'bf ff 8f'); // mov cx,3; mov di,0x8fff
		const stos = sector.add('f3 aa'); // rep stosb: three bytes, the first at the end of its page
		expected.push(...['0x8fff', '0x9000', '0x9001'].flatMap((at) => store2(at, 1, stos)));
		sector.add(mark(2));
		sector.powerOff();

		const data = ['preread', 'prewrite', 'write'].map(
			(mode) => `${mode}:0x5000-0x6fff+${mode}:0x8000-0xafff`
		);
		const track = `track=${data.join('+')}+preexec:0xa000-0xafff`;
		const { events, diagnostics, ended } = await record('always', sector, ['policy=always', track]);
		expect(window(events).map(brief)).toEqual(expected);
		expect(diagnostics).toEqual([]);
		expect(ended).toBe(0);
		expect(events[0]).toMatchObject({
			kind: 'session',
			attributes: { source: 'qemu-tcg', policy: 'always', vcpus: 1, track: track.slice(6) }
		});
		expect(events.find((each) => each.kind === 'mark' && each.phase === 2)).toMatchObject({
			name: 'done "now"'
		});
		// the last line counts what the file holds
		const counts = Object.fromEntries(
			['preread', 'prewrite', 'write', 'preexec'].map((kind) => [
				kind,
				events.filter((each) => each.kind === kind).length
			])
		);
		expect(events.at(-1)).toMatchObject({ kind: 'end', extra: counts });
	});

	test('policy rearm: a page is silent in a mode from its notification to the next epoch', async () => {
		const sector = new BootSector();
		sector.add('66 b9 40 9c 00 00'); // mov ecx,40000
		sector.add('66 49', '75 fc'); // dec ecx; jnz back: 80,000 instructions, so that an epoch begins
		sector.add(mark(1));
		const first = sector.add('c7 06 00 60 34 12'); // mov word [0x6000],0x1234
		sector.add('c7 06 80 60 34 12', 'c7 06 00 60 34 12'); // the same page twice: silent
		const read = sector.add('a0 01 60'); // mov al,[0x6001]: another mode
		sector.add('a0 02 60'); // silent
		sector.add('66 b9 40 9c 00 00', '66 49', '75 fc'); // 80,000 instructions again
		const again = sector.add('c7 06 02 60 34 12'); // armed again
		sector.add(mark(2));
		sector.powerOff();

		const track =
			'track=prewrite:0x6000-0x6fff+write:0x6000-0x6fff+preread:0x6000-0x6fff+preexec:0x7000-0x7fff';
		const args = ['policy=rearm', 'epoch=40000', 'clock=insns', track];
		const { events, ended } = await record('rearm', sector, args);
		const seen = window(events);
		const data = seen.filter((each) => each.kind !== 'epoch' && each.kind !== 'preexec').map(brief);
		const expected = [...store2('0x6000', 2, first), load('0x6001', 1, read), ...store2('0x6002', 2, again)];
		expect(data).toEqual(expected);
		// 80,000 instructions hold one or two ends of epochs of 40,000, and after each the code's page notifies once
		const later = seen
			.filter((each) => each.kind === 'epoch' || each.kind === 'preexec')
			.map((each) => each.kind);
		expect([2, 3]).toContain(later.filter((kind) => kind === 'epoch').length);
		expect(later.join(' ').replace(/^preexec /, '')).toMatch(/^(epoch preexec ?)+$/);
		expect(ended).toBe(0);
	});

	test('a running guest is seen in the store; slots come before the first access, and a last line when it is stopped', async () => {
		const sector = new BootSector();
		sector.add(mark(1));
		sector.add('f4', 'eb fd'); // hlt; jmp back to it: this guest never ends
		const { events, ended } = await record('stopped', sector, ['epoch=1000000'], 1);
		const slots = events.filter((each) => each.kind === 'memslot_create');
		expect(slots[0]).toMatchObject({ slotId: 0, baseGfn: 0, npages: 192, flags: 0, name: 'pc.ram' }); // no VGA at 0xa0000
		expect(slots.find((each) => each.baseGfn === 0x100)).toMatchObject({ npages: 16_128, name: 'pc.ram' });
		expect(slots.find((each) => each.baseGfn === 0xfffc0)).toMatchObject({
			npages: 64,
			flags: 2,
			name: 'pc.bios'
		});
		const access = events.findIndex((each) => 'gfn' in each);
		expect(events[access]).toMatchObject({ kind: 'preexec', gfn: 0xfffff, offset: 0xff0, rip: 0xfffffff0n });
		expect(events.findIndex((each) => each.kind === 'memslot_create')).toBeLessThan(access);
		expect(events.at(-1)).toMatchObject({ kind: 'end' });
		expect(ended).toBe(0);
	});

	test('a guest whose reader is gone ends all the same, though it writes more than a socket holds', async () => {
		const sector = new BootSector();
		sector.add('ff 06 00 60', 'eb fa'); // inc word [0x6000]; jmp back to it
		const disk = path.join(folder, 'unread.img');
		writeFileSync(disk, sector.image());
		const command = ['qemu-system-x86_64', '-m', '64', '-net', 'none', '-vga', 'none', '-display', 'none'];
		const capture = await startQemu({
			command: [...command, '-drive', `file=${disk},format=raw`],
			plugin,
			pluginArgs: ['policy=always'],
			marks: new Map(),
			stdout: 'stderr'
		});
		await sleep(1000); // the firmware alone makes megabytes of lines: the guest is waiting by now
		capture.abandon();
		expect(await capture.ended).toBe(0);
	});

	test('the command line streams a guest to standard output, and Ctrl-C ends it with its last line', async () => {
		const sector = new BootSector();
		sector.add(mark(7), 'f4', 'eb fd'); // hlt; jmp back to it
		const disk = path.join(folder, 'cli.img');
		writeFileSync(disk, sector.image());
		const guest = ['qemu-system-x86_64', '-m', '64', '-net', 'none', '-vga', 'none', '-display', 'none'];
		const options = ['-o', '-', '--mark', '7=à la fin', '--track', 'write:gfn:6+1', '--clock', 'insns'];
		const cli = ['src/ingest/cli/main.ts', 'capture', 'qemu', ...options, '--', ...guest];
		const child = spawn(process.execPath, [...cli, '-drive', `file=${disk},format=raw`], {
			env: { ...process.env, XDG_CACHE_HOME: path.resolve('node_modules/.cache') },
			stdio: ['ignore', 'pipe', 'inherit']
		});
		let text = '';
		child.stdout.on('data', (chunk: Buffer) => {
			if (text.includes('"mark"')) return void (text += chunk.toString());
			text += chunk.toString();
			if (text.includes('"mark"')) child.kill('SIGINT');
		});
		const [code] = (await once(child, 'close')) as [number];
		const lines = text.trimEnd().split('\n').map(parseLine);
		expect(code).toBe(0);
		expect(lines[0]).toMatchObject({
			attributes: { clock: 'guest_insns', policy: 'rearm', track: 'write:0x6000-0x6fff' }
		});
		expect(lines.find((each) => each.kind === 'mark')).toMatchObject({ phase: 7, name: 'à la fin' });
		expect(lines.at(-1)).toMatchObject({ kind: 'end' });
	});
});

/**
 * `npm run bench:browser [-- --minutes N]`: the session page in Chromium on a session of more than ten million
 * events; N minutes of scripted use (ten if absent).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import type { IngestSummary } from '#lib/api/types.ts';
import { chromiumArgs, chromiumPath } from '../test/chromium.ts';
import { CLI, plainMedium, tenTimes } from './captures.ts';
import { inProcess, missedBars, quantile, report, seeded } from './measure.ts';
import { serve, type Server } from './server.ts';

/** What the page notes about itself, from its first moment on. */
interface Notes {
	/** When a heat map was drawn, ms since navigation. */
	draws: number[];
	/** Lengths of tasks over 50 ms, and when they began. */
	tasks: { at: number; ms: number }[];
	/** When the last wheel, key or pointer event came. */
	input: number;
	/** When the state panel's position changed. */
	positions: number[];
}

/** Runs in the page before its own code. */
function takeNotes(): void {
	const notes: Notes = { draws: [], tasks: [], input: 0, positions: [] };
	Object.assign(globalThis, { notes });
	const canvas = CanvasRenderingContext2D.prototype;
	const unbound = Reflect.get(canvas, 'drawImage') as () => void;
	canvas.drawImage = function (...args: unknown[]) {
		Reflect.apply(unbound, this, args);
		// the frame that shows it comes after this
		if (this.canvas instanceof HTMLCanvasElement && 'grid' in this.canvas.dataset)
			requestAnimationFrame(() => notes.draws.push(performance.now()));
	};
	new PerformanceObserver((list) => {
		for (const task of list.getEntries()) notes.tasks.push({ at: task.startTime, ms: task.duration });
	}).observe({ type: 'longtask', buffered: true });
	for (const name of ['wheel', 'keydown', 'pointermove', 'pointerdown'])
		addEventListener(name, (event) => (notes.input = event.timeStamp), { capture: true, passive: true });
	new MutationObserver((changes) => {
		const hit = changes.some(({ target }) => target.parentElement?.closest('.at [role=status]'));
		if (hit) requestAnimationFrame(() => notes.positions.push(performance.now()));
	}).observe(document, { subtree: true, childList: true, characterData: true });
}
const notesOf = (page: Page) => page.evaluate(() => (globalThis as unknown as { notes: Notes }).notes);
const ms = (value: number) => `${value.toFixed(0)} ms`;

async function visit(
	context: BrowserContext,
	url: string
): Promise<{ page: Page; first: number; js: number }> {
	const page = await context.newPage();
	await page.addInitScript(takeNotes);
	const network = await context.newCDPSession(page);
	await network.send('Network.enable');
	const scripts = new Set<string>();
	let js = 0;
	network.on(
		'Network.responseReceived',
		({ type, requestId }) => type === 'Script' && scripts.add(requestId)
	);
	network.on(
		'Network.loadingFinished',
		({ requestId, encodedDataLength }) => scripts.has(requestId) && (js += encodedDataLength)
	);
	await page.goto(url);
	await page.waitForFunction(() => (globalThis as unknown as { notes: Notes }).notes.draws.length > 0);
	const [first = NaN] = (await notesOf(page)).draws;
	await page.waitForLoadState('networkidle');
	return { page, first, js };
}

/** Opens the page in six fresh profiles; the first one finds a browser that has just started. */
async function firstMaps(browser: Browser, url: string): Promise<void> {
	const firsts: number[] = [];
	let sent = 0;
	for (let round = 0; round < 6; round++) {
		const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
		const { first, js } = await visit(context, url);
		firsts.push(first);
		sent = js;
		await context.close();
	}
	const [cold = NaN, ...warm] = firsts;
	const median = quantile(warm, 0.5);
	report('first heat map after navigation (median of 5)', ms(median), '1,000 ms', median <= 1000);
	report('  in a browser that has just started', ms(cold), 'none', true);
	report('  JavaScript sent', `${(sent / 1000).toFixed(0)} kB`, '150 kB', sent > 0 && sent <= 150_000);
}

/** One input, and when the page answered it: with a moved picture, with the sharp one, with the state. */
async function answer(page: Page, act: () => Promise<void>) {
	await act();
	await sleep(450);
	const { input, draws, positions } = await notesOf(page);
	const since = (times: number[]) => times.filter((at) => at > input).map((at) => at - input);
	return { moved: since(draws)[0], sharp: since(draws).at(-1), state: since(positions)[0] };
}

async function use(page: Page, minutes: number): Promise<void> {
	const plot = page.locator('figure[data-lane] .plot').first();
	const box = await plot.boundingBox();
	if (!box) throw new Error('the page shows no lane');
	const random = seeded(11);
	const moved: number[] = [];
	const sharp: number[] = [];
	const states: number[] = [];
	const within = (from: number, length: number) => from + length * (0.1 + 0.8 * random());
	const keep = (list: number[], value: number | undefined) => value !== undefined && list.push(value);
	const ends = performance.now() + minutes * 60_000;
	const mouse = () => page.mouse.move(within(box.x, box.width), within(box.y, box.height));
	let depth = 0;
	while (performance.now() < ends) {
		await mouse();
		const inwards = depth < 1 || (depth < 14 && random() < 0.5);
		depth += inwards ? 1 : -1;
		const zoomed = await answer(page, () => page.mouse.wheel(0, inwards ? -240 : 240));
		keep(moved, zoomed.moved);
		keep(sharp, zoomed.sharp);
		const dragged = await answer(page, async () => {
			await page.mouse.down();
			await page.mouse.move(within(box.x, box.width), within(box.y, box.height));
			await page.mouse.up();
		});
		keep(moved, dragged.moved);
		keep(sharp, dragged.sharp);
		await page.mouse.click(within(box.x, box.width), within(box.y, box.height));
		await sleep(200);
		for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowRight'])
			keep(states, (await answer(page, () => page.keyboard.press(key))).state);
	}
	const { tasks } = await notesOf(page);
	const late = tasks.filter(({ at }) => at > 5000);
	const longest = Math.max(0, ...late.map((task) => task.ms));
	const answers = `${moved.length} answers`;
	report(
		`pan and zoom to a picture, p95 of ${answers}`,
		ms(quantile(moved, 0.95)),
		'100 ms',
		quantile(moved, 0.95) <= 100
	);
	report(
		'  to the sharp picture',
		`${ms(quantile(sharp, 0.95))} (p50 ${ms(quantile(sharp, 0.5))})`,
		'none',
		true
	);
	report(`  tasks over 50 ms (${late.length})`, ms(longest), 'none over 50 ms', longest <= 50);
	const state = quantile(states, 0.95);
	report(
		`cursor to state panel, p95 of ${states.length}`,
		`${ms(state)} (p50 ${ms(quantile(states, 0.5))})`,
		'50 ms',
		state <= 50
	);
}

/** Bytes of objects, of the document, and of the arrays' own memory, which lies outside the script's heap. */
async function heap(context: BrowserContext, page: Page): Promise<number> {
	const session = await context.newCDPSession(page);
	await session.send('HeapProfiler.collectGarbage');
	const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
	return usedSize + embedderHeapUsedSize + backingStorageSize;
}

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes takes a number above 0');
const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-bench-'));
const at = (name: string) => path.join(folder, name);
let server: Server | undefined;
let browser: Browser | undefined;
try {
	await plainMedium(at('medium.ndjson'));
	tenTimes(at('medium.ndjson'), at('long.ndjson'));
	const { result } = await inProcess<IngestSummary>(
		CLI,
		'ingest',
		at('long.ndjson'),
		'--db',
		at('long.db'),
		'--json'
	);
	console.log(`     a session of ${result.added.toLocaleString('en')} events`);
	rmSync(at('long.ndjson'));
	server = await serve(at('long.db'));
	browser = await chromium.launch({ executablePath: await chromiumPath(), args: chromiumArgs });
	const url = `${server.url}/sessions/${result.session.id}`;
	await firstMaps(browser, url);
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const { page } = await visit(context, url);
	await use(page, minutes);
	const used = await heap(context, page);
	report(`browser heap after ${minutes} min`, `${(used / 1e6).toFixed(0)} MB`, '200 MB', used < 200e6);
} finally {
	await browser?.close();
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
}
if (missedBars()) process.exitCode = 1;

import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import type { ComparedGrid, Comparison } from '#lib/api/compare-types.ts';
import { formatLogRatio } from '#lib/view/compared-cells.ts';
import { api, MEDIUM, open, openSession } from './helpers.ts';
import { ownSession } from './own-session.ts';

const int = (value: number) => value.toLocaleString('en-US');
const ID = 'medium-phases-2vcpu';
/** The phases seq-write and random-touch, as the capture's marks name them. */
const PHASES = {
	a: { from: 81_664_057_720, to: 88_938_489_869 },
	b: { from: 88_938_489_869, to: 103_176_534_054 }
};
const ADDRESS =
	`/compare?a=${ID}&aTime=${PHASES.a.from}..${PHASES.a.to}` +
	`&b=${ID}&bTime=${PHASES.b.from}..${PHASES.b.to}`;
const SIDES =
	`a=${ID}&b=${ID}&aFrom=${PHASES.a.from}&aTo=${PHASES.a.to}` + `&bFrom=${PHASES.b.from}&bTo=${PHASES.b.to}`;

const results = (page: Page) => page.locator('.results[data-fresh=true]');
const total = (page: Page, name: string) => page.locator(`tr[data-total="${name}"] td`).allInnerTexts();
const plot = (page: Page, what: 'a' | 'b' | 'ratio', pair = 0) =>
	page.locator(`[data-map=${what}] .plot`).nth(pair);

async function openCompare(page: Page, address: string): Promise<void> {
	await open(page, address);
	await expect(results(page)).toBeVisible();
	await expect(page.locator('canvas[data-grid=loading]')).toHaveCount(0);
}

/**
 * 16 pages from gfn 0. First (0 to 99 ns): gfn 1 written twice and read once, gfn 2 read once; gfns 3 and 4 tracked.
 * Then (from 100 ns): gfn 1 written once, gfn 7 written three times; gfn 3 is not tracked any more, gfn 9 is.
 */
const LINES = [
	{ t: 0, k: 'session', version: 1, source: 'test', clock: 'host_monotonic_ns' },
	{ t: 0, k: 'create_slot', id: 0, a: '0x0', npages: 16, flags: 0, name: 'ram' },
	{ t: 0, k: 'mark', phase: 1, name: 'first' },
	{ t: 1, k: 'track_add', mode: 'write', g: 3, npages: 2 },
	{ t: 10, c: 0, k: 'write', a: '0x1000', n: 8 },
	{ t: 20, c: 0, k: 'write', a: '0x1008', n: 8 },
	{ t: 30, c: 0, k: 'preread', a: '0x1000', n: 8 },
	{ t: 40, c: 0, k: 'preread', a: '0x2000', n: 8 },
	{ t: 100, k: 'mark', phase: 2, name: 'then' },
	{ t: 110, c: 0, k: 'write', a: '0x1000', n: 8 },
	{ t: 120, c: 0, k: 'write', a: '0x7000', n: 8 },
	{ t: 130, c: 0, k: 'write', a: '0x7000', n: 8 },
	{ t: 140, c: 0, k: 'write', a: '0x7ff8', n: 8 },
	{ t: 150, k: 'track_remove', mode: 'write', g: 3 },
	{ t: 160, k: 'track_add', mode: 'write', g: 9 },
	{ t: 199, k: 'end' }
];

/** Loads the small session; returns its id. */
async function small(page: Page): Promise<string> {
	const name = `counted ${Date.now()} ${Math.random()}`;
	const made = await page.request.post(`/api/v1/sessions?live=1&name=${encodeURIComponent(name)}`);
	const { session } = (await made.json()) as { session: { id: string } };
	const sent = await page.request.post(`/api/v1/sessions/${session.id}/events?expected=0`, {
		headers: { 'content-type': 'application/x-ndjson' },
		data: LINES.map((line) => JSON.stringify(line)).join('\n') + '\n'
	});
	expect(sent.ok()).toBe(true);
	return session.id;
}

test('two phases of a small session differ by what was counted by hand', async ({ page }) => {
	const id = await small(page);
	await openCompare(page, `/compare?a=${id}&aTime=0..100&b=${id}&bTime=100..200`);
	await expect(page.getByLabel('Side A').getByRole('combobox', { name: 'phase' })).toHaveValue('0');
	await expect(page.getByLabel('Side B').getByRole('combobox', { name: 'phase' })).toHaveValue('1');
	const counted = {
		preread: ['2', '0', '−2', '–'],
		write: ['2', '4', '+2', '× 2'],
		'all accesses': ['4', '4', '0', '× 1'],
		'distinct pages': ['2', '2', '0', '× 1']
	};
	for (const [name, [a, b, difference, ratio]] of Object.entries(counted)) {
		const cells = await total(page, name);
		expect([cells[0], cells[2], cells[4], cells[5]]).toEqual([a, b, difference, ratio]);
	}
	const movers = page.getByRole('region', { name: 'Pages that changed most' });
	const rows = await movers.locator('tbody tr').allInnerTexts();
	expect(rows.map((row) => row.split(/\s+/))).toEqual([
		['0x7', '0', '3', '+3', '+2.00'],
		['0x1', '3', '1', '−2', '−1.00'],
		['0x2', '1', '0', '−1', '−1.00']
	]);
	const sets = page.getByRole('region', { name: 'Pages gained and lost' });
	const summaries = await sets.locator('summary').allInnerTexts();
	expect(summaries.map((text) => text.replace(/\s+/g, ' '))).toEqual([
		...[
			'gained, only in B 1 page in 1 run',
			'lost, only in A 1 page in 1 run',
			'kept, in both 1 page in 1 run'
		],
		...[
			'gained, only in B 1 page in 1 run',
			'lost, only in A 1 page in 1 run',
			'kept, in both 1 page in 1 run'
		]
	]);
	await sets.locator('summary').first().click();
	const gained = sets.getByRole('link', { name: '[0x9, 0xa)' });
	await expect(gained).toHaveAttribute(
		'href',
		new RegExp(`/sessions/${id}\\?time=100\\.\\.200.*t=199&page=0x9`)
	);
	await page.request.delete(`/api/v1/sessions/${id}?now=1`);
});

test('numbers, tooltip and pages are those of the API', async ({ page }) => {
	await openCompare(page, ADDRESS);
	const got = await api<Comparison>(page, `/api/v1/compare?${SIDES}&limit=25`);
	for (const mode of ['preread', 'prewrite', 'write', 'preexec'] as const) {
		const cells = await total(page, mode);
		expect([cells[0], cells[2]]).toEqual([int(got.a.counts[mode]), int(got.b.counts[mode])]);
	}
	expect((await total(page, 'distinct pages'))[2]).toBe(int(got.b.pages));
	const movers = page.getByRole('region', { name: 'Pages that changed most' });
	await expect(movers.getByRole('status')).toContainText(`25 of ${int(got.moved)} pages`);
	await expect(movers.locator('tbody tr').first()).toContainText(`0x${got.movers[0]?.gfn.toString(16)}`);

	const pair = got.lanes.find(({ npages }) => npages === 65_280);
	const canvas = plot(page, 'ratio');
	await canvas.scrollIntoViewIfNeeded();
	const box = await canvas.boundingBox();
	if (!box) throw new Error('no map');
	const width = await page.locator('main').evaluate((main) => main.clientWidth);
	const columns = Math.max(64, Math.ceil((width / 2 - 90) / 64) * 64);
	const grid = await api<ComparedGrid>(
		page,
		`/api/v1/compare/grid?${SIDES}&pair=${pair?.pair}&columns=${columns}&rows=200`
	);
	// a cell that both sides have
	const at = grid.a.cells.findIndex((count, i) => count > 1 && (grid.b.cells[i] ?? 0) > 1);
	const [column, row] = [at % grid.columns, Math.floor(at / grid.columns)];
	await page.mouse.move(
		box.x + ((column + 0.5) / grid.columns) * box.width,
		box.y + 200 * (1 - ((row + 0.5) * grid.rowPages) / 65_280)
	);
	const tip = page.locator('.tip');
	await expect(tip.locator('[data-side=a]')).toContainText(`A ${int(grid.a.cells[at] ?? -1)} access`);
	await expect(tip.locator('[data-side=b]')).toContainText(`B ${int(grid.b.cells[at] ?? -1)} access`);
	await expect(tip).toContainText(`log ratio ${formatLogRatio(grid.logRatio[at] ?? NaN)}`);
	const gfn = grid.startGfn + row * grid.rowPages;
	await expect(tip).toContainText(`gfn [0x${gfn.toString(16)}, 0x${(gfn + grid.rowPages).toString(16)})`);
});

test('the maps are painted: orange where B has more, purple where A has', async ({ page }) => {
	const id = await small(page);
	await openCompare(page, `/compare?a=${id}&aTime=0..100&b=${id}&bTime=100..200&align=fraction`);
	const colour = (x: number, y: number) =>
		page
			.locator('[data-map=ratio] canvas')
			.evaluate(
				(canvas: HTMLCanvasElement, [atX, atY]) => [
					...(canvas
						.getContext('2d')
						?.getImageData(
							Math.floor(canvas.width * (atX ?? 0)),
							Math.floor(canvas.height * (atY ?? 0)),
							1,
							1
						).data ?? [])
				],
				[x, y] as const
			);
	// gfn 7 of 16 at 120 ns of B (a fifth of its window), gfn 2 at 40 ns of A
	const [red = 0, , blue = 0] = await colour(0.205, 1 - 7.5 / 16);
	expect(red).toBeGreaterThan(blue);
	const [lessRed = 0, , moreBlue = 0] = await colour(0.405, 1 - 2.5 / 16);
	expect(moreBlue).toBeGreaterThan(lessRed);
	expect((await colour(0.7, 0.2))[3]).toBe(0);
	await page.request.delete(`/api/v1/sessions/${id}?now=1`);
});

test('a link restores the view exactly; back and forward go through it', async ({ page }) => {
	await openCompare(page, ADDRESS);
	await page.getByRole('button', { name: 'preread', exact: true }).click();
	await page.getByRole('combobox', { name: 'maps' }).selectOption('log ratio');
	await page.getByRole('combobox', { name: 'numbers' }).selectOption('for equal time');
	await page.getByRole('columnheader', { name: 'log ratio' }).getByRole('button').click();
	await expect(page).toHaveURL(/modes=prewrite,write,preexec&maps=ratio&per=time&order=ratio$/);
	await expect(results(page)).toBeVisible();
	const read = async () => ({
		totals: await page.locator('[data-total]').allInnerTexts(),
		movers: await page.locator('section[aria-labelledby=movers] tbody').innerText()
	});
	const before = await read();
	const address = page.url();
	await open(page, '/compare');
	await expect(page.getByText('Choose a session for A')).toBeVisible();
	await openCompare(page, address);
	expect(await read()).toEqual(before);
	expect(page.url()).toBe(address);
	await expect(page.locator('[data-map=a]')).toHaveCount(0);
	await page.getByRole('button', { name: 'gfn', exact: true }).click();
	await expect(page).toHaveURL(/order=gfn/);
	await page.goBack();
	await expect(page).toHaveURL(/order=ratio/);
	await expect(page.getByRole('columnheader', { name: 'log ratio' })).toHaveAttribute(
		'aria-sort',
		'descending'
	);
	await page.goForward();
	await expect(page.getByRole('columnheader', { name: 'gfn' })).toHaveAttribute('aria-sort', 'ascending');
});

test('windows are chosen by numbers, phases, brush and keys; sides swap', async ({ page }) => {
	await openCompare(page, ADDRESS);
	const side = (name: 'A' | 'B') => page.getByLabel(`Side ${name}`);
	await side('A').getByRole('combobox', { name: 'phase' }).selectOption('gzip');
	await expect(page).toHaveURL(/aTime=112621062023\.\.132347872227/);
	await side('B').getByLabel('to', { exact: true }).fill('95.5 s');
	await side('B').getByLabel('to', { exact: true }).press('Enter');
	await expect(page).toHaveURL(/bTime=88938489869\.\.95500000000/);
	await side('B').getByLabel('from', { exact: true }).fill('tomorrow');
	await side('B').getByLabel('from', { exact: true }).press('Enter');
	await expect(side('B').getByRole('alert')).toContainText('Write it like 12.5s');
	await page.getByRole('slider', { name: 'Window A from' }).focus();
	await page.keyboard.press('Home');
	await expect(page).toHaveURL(/aTime=0\.\.132347872227/);
	const box = await side('B').locator('.brush').boundingBox();
	if (!box) throw new Error('no overview');
	await side('B').getByRole('button', { name: 'Whole session' }).click();
	await page.mouse.move(box.x + box.width / 4, box.y + 15);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width / 2, box.y + 15, { steps: 4 });
	await page.mouse.up();
	await expect(side('B').getByRole('button', { name: 'Whole session' })).toBeEnabled();
	await expect(page).toHaveURL(/bTime=4\d{10}\.\.8\d{10}/);
	await page.getByRole('button', { name: 'Swap A and B' }).click();
	await expect(page).toHaveURL(/bTime=0\.\.132347872227/);
});

test('keys go over the cells and zoom the gfns; a brush zooms both ways', async ({ page }) => {
	await openCompare(page, ADDRESS);
	await plot(page, 'a').focus();
	await page.keyboard.press('ArrowUp');
	const tip = page.locator('.tip');
	const former = await tip.innerText();
	await page.keyboard.press('Shift+ArrowLeft');
	await expect(tip).not.toHaveText(former);
	await page.keyboard.press('+');
	await expect(page).toHaveURL(/gfn=\d+:0x[0-9a-f]+\.\.0x[0-9a-f]+/);
	await expect(page.getByRole('button', { name: 'show all gfns' })).toBeVisible();
	await page.keyboard.press('0');
	await expect(page).not.toHaveURL(/gfn=/);
	const box = await plot(page, 'a').boundingBox();
	if (!box) throw new Error('no map');
	await page.mouse.move(box.x + 20, box.y + 90);
	await page.mouse.down();
	await page.mouse.move(box.x + 120, box.y + 150, { steps: 4 });
	await page.mouse.up();
	await expect(page).toHaveURL(/gfn=/);
	await expect(page).not.toHaveURL(new RegExp(`bTime=${PHASES.b.from}\\.\\.${PHASES.b.to}`));
});

test('what cannot be compared is said, with what to do', async ({ page }) => {
	await open(page, `/compare?a=none-such&b=${ID}`);
	await expect(page.getByRole('alert')).toContainText('no session none-such. It may have been deleted');
	await open(page, `/compare?a=${ID}&aTime=${PHASES.a.from}..${PHASES.a.to}`);
	await page.getByRole('button', { name: 'the window after' }).click();
	await expect(results(page)).toBeVisible();
	await expect(page).toHaveURL(/bTime=88938489869\.\.96212922018/);
	await openCompare(page, `/compare?a=${ID}&b=small-kernel-image-1vcpu`);
	await expect(page.getByText('count different clocks')).toBeVisible();
	await expect(page.getByRole('combobox', { name: 'align' })).toBeDisabled();
	for (const mode of ['preread', 'prewrite', 'write', 'preexec'])
		await page.getByRole('button', { name: mode, exact: true }).click();
	await expect(page.getByText('No mode is switched on')).toBeVisible();
});

test('the session page and the sessions page lead here', async ({ page }) => {
	// the header and the analyses give the window, a marked rectangle its own time
	const window = `time=${PHASES.a.from}..${PHASES.a.to}`;
	await openSession(page, `${MEDIUM}?${window}&brush=3:90000000000..91000000000:0x6000..0x7000&tab=analyses`);
	const address = (time: string) => `/compare?a=${ID}&aTime=${time}`;
	await expect(page.getByRole('link', { name: 'Compare this window with' })).toHaveAttribute(
		'href',
		address(`${PHASES.a.from}..${PHASES.a.to}`)
	);
	await expect(page.getByRole('link', { name: 'compare', exact: true })).toHaveAttribute(
		'href',
		address('90000000000..91000000000')
	);
	await page.getByRole('banner').getByRole('link', { name: 'Compare' }).click();
	await expect(page).toHaveURL(new RegExp(`/compare\\?a=${ID}&aTime=${PHASES.a.from}\\.\\.${PHASES.a.to}`));
	await open(page, '/');
	await page.getByRole('checkbox', { name: `Compare ${ID}` }).check();
	await page.getByRole('checkbox', { name: 'Compare small-kernel-image-1vcpu' }).check();
	await page.getByRole('link', { name: 'Compare', exact: true }).click();
	await expect(page).toHaveURL(`/compare?a=${ID}&b=small-kernel-image-1vcpu`);
	await expect(results(page)).toBeVisible();
});

test('a pair is saved as SVG and PNG, its numbers as a table and CSV', async ({ page }) => {
	await openCompare(page, ADDRESS);
	const save = async (choice: string) => {
		await page.getByRole('button', { name: 'Picture or table of pc.ram' }).first().click();
		const [download] = await Promise.all([
			page.waitForEvent('download'),
			page.getByRole('button', { name: choice }).filter({ visible: true }).click()
		]);
		return readFile(await download.path());
	};
	const svg = (await save('Picture as SVG')).toString();
	for (const text of ['A and B compared', `A ${ID} · B ${ID}`, 'only in B', 'all modes', 'data:image/png'])
		expect(svg).toContain(text);
	expect((await save('Picture as PNG')).subarray(1, 4).toString()).toBe('PNG');
	await page.getByRole('button', { name: 'Picture or table of pc.ram' }).first().click();
	await page.getByRole('button', { name: 'Table of the numbers' }).filter({ visible: true }).click();
	const dialog = page.getByRole('dialog', { name: /pc.ram: accesses of A and B/ });
	await dialog.getByLabel('show').selectOption('B, accesses');
	const got = await api<Comparison>(page, `/api/v1/compare?${SIDES}&limit=1`);
	const pair = got.lanes.find(({ npages }) => npages === 65_280)?.pair ?? -1;
	const grid = await api<ComparedGrid>(page, `/api/v1/compare/grid?${SIDES}&pair=${pair}&columns=16&rows=16`);
	const cells = await dialog.locator('td').allInnerTexts();
	const wanted = Array.from({ length: grid.rows }, (_, i) =>
		grid.b.cells.slice((grid.rows - 1 - i) * grid.columns, (grid.rows - i) * grid.columns)
	);
	expect(cells).toEqual(wanted.flat().map(int));
	expect((await new AxeBuilder({ page }).include('dialog[open]').analyze()).violations).toEqual([]);
});

test('the picture of a pair has the notes of each side within its window', async ({ page }) => {
	const id = await ownSession(page, 'compared-notes');
	const note = (text: string, fromNs: number) => {
		const pin = { type: 'rectangle', lane: 0, fromNs, toNs: fromNs + 10e6, fromGfn: 0x200, toGfn: 0x400 };
		return page.request.post(`/api/v1/sessions/${id}/notes`, { data: { text, pin } });
	};
	for (const [text, at] of [
		['in A', 20e6],
		['in B', 220e6]
	] as const)
		expect((await note(text, at)).ok()).toBe(true);
	await openCompare(page, `/compare?a=${id}&aTime=0..100000000&b=${id}&bTime=200000000..300000000`);
	await page.getByRole('button', { name: 'Picture or table of ram' }).first().click();
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Picture as SVG' }).filter({ visible: true }).click();
	const svg = await readFile(await (await download).path(), 'utf8');
	expect(svg.match(/data-note=/g)).toHaveLength(2);
	// both begin at a fifth of their windows, in maps that lie one below the other
	const rectangles = [...svg.matchAll(/data-note="1".*?<rect x="([\d.]+)"/g)].map((found) =>
		Number(found[1])
	);
	for (const x of rectangles) expect(Math.abs(x - (110 + 1060 / 5))).toBeLessThan(12);
	expect(svg.indexOf(': in A</text>')).toBeGreaterThan(0);
	expect(svg.indexOf(': in B</text>')).toBeGreaterThan(svg.indexOf(': in A</text>'));
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });
		test('axe finds nothing on the comparison, nor before B is chosen', async ({ page }) => {
			await openCompare(page, ADDRESS);
			await page.locator('summary').last().click();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			await open(page, `/compare?a=${ID}`);
			await page.getByRole('button', { name: 'Session B' }).click();
			await expect(page.getByRole('searchbox', { name: 'Search sessions for B' })).toBeFocused();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});

		test('axe finds nothing on a phone', async ({ page }) => {
			await page.setViewportSize({ width: 390, height: 800 });
			await openCompare(page, ADDRESS);
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
			const numbers = page.getByRole('region', { name: 'Numbers by mode' });
			expect(await numbers.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
		});
	});

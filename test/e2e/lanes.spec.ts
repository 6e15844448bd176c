import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import type { TrackedCell, UsedGfns } from '#lib/api/tracking-types.ts';
import type { HeatMap } from '#lib/api/types.ts';
import { API, api, mainLane, MEDIUM, open, openSession } from './helpers.ts';

/** The main memory's lane of the medium capture, and its one long unused stretch by the API. */
const LANE = 3;
async function unused(page: Page): Promise<{ from: number; to: number }> {
	const { lanes } = await api<UsedGfns>(page, `${API}/used`);
	const ranges = lanes[LANE]?.ranges ?? [];
	const gaps = ranges.slice(1).map((range, i) => {
		const before = ranges[i];
		return { from: (before?.gfn ?? 0) + (before?.npages ?? 0), to: range.gfn };
	});
	const [longest] = gaps.sort((a, b) => b.to - b.from - (a.to - a.from));
	if (!longest) throw new Error('nothing is unused');
	return longest;
}
const hex = (value: number) => `0x${value.toString(16)}`;
const firstBreak = (page: Page) => mainLane(page).locator('.break').first();

async function boxOf(page: Page) {
	const box = await mainLane(page).boundingBox();
	const gap = await firstBreak(page).boundingBox();
	if (!box || !gap) throw new Error('no heat map or no break');
	return { box, gap };
}

/** Range of gfns, and of time in ns, that a tooltip tells. */
function rangesIn(text: string): { gfn: string; from: number; to: number } {
	const [, low = '', high = ''] = /gfn \[(0x[0-9a-f]+), (0x[0-9a-f]+)\)/.exec(text) ?? [];
	const ns = [...text.matchAll(/([\d,]+)\.([\d\u202f]+)\u202fs/g)].map(
		([, whole = '', part = '']) =>
			Number(whole.replaceAll(',', '')) * 1e9 + Number(part.replaceAll('\u202f', '').padEnd(9, '0'))
	);
	return { gfn: `${low}..${high}`, from: ns.at(-2) ?? 0, to: ns.at(-1) ?? 0 };
}

test('the long unused stretch is folded, and the API knows no access there', async ({ page }) => {
	await openSession(page);
	const { from, to } = await unused(page);
	await expect(firstBreak(page)).toHaveAttribute('data-fold', `[${hex(from)}, ${hex(to)})`);
	await expect(firstBreak(page)).toContainText(`${(to - from).toLocaleString('en-US')} unused pages`);
	const map = await api<HeatMap>(page, `${API}/heatmap?lane=${LANE}&gfn=${from}..${to}&columns=1&rows=1`);
	expect(map.total).toBe(0);
	const { gap } = await boxOf(page);
	await page.mouse.move(gap.x + 300, gap.y + gap.height / 2);
	await expect(page.locator('.tip')).toContainText(`gfn [${hex(from)}, ${hex(to)})`);
	await expect(page.locator('.tip')).toContainText('never accessed');
});

for (const side of ['above', 'below'] as const)
	test(`a tooltip ${side} a break says what the API counts, and of the whole column`, async ({ page }) => {
		await openSession(page);
		const { box, gap } = await boxOf(page);
		const tip = page.locator('.tip');
		const [top, bottom] = side === 'above' ? [box.y, gap.y] : [box.y + box.height * 0.5, box.y + box.height];
		// to the first cell that was accessed
		for (let y = top + 2; y < bottom; y += 2) {
			await page.mouse.move(box.x + box.width * 0.54, y);
			await expect(tip).toBeVisible();
			if (/of this column/.test(await tip.innerText())) break;
		}
		await expect(tip).toContainText('of this column');
		const text = await tip.innerText();
		const { gfn, from, to } = rangesIn(text);
		const inTime = `lane=${LANE}&from=${from}&to=${to}&columns=1&rows=1`;
		const cell = await api<HeatMap>(page, `${API}/heatmap?${inTime}&gfn=${gfn}`);
		const column = await api<HeatMap>(page, `${API}/heatmap?${inTime}`);
		expect(cell.total).toBeGreaterThan(0);
		expect(text).toContain(`${cell.total.toLocaleString('en-US')} access`);
		expect(text).toContain(`of this column's ${column.total.toLocaleString('en-US')}`);
	});

test('a click chooses the page under it on both sides of a break, and none within', async ({ page }) => {
	await openSession(page);
	const { from, to } = await unused(page);
	const { box, gap } = await boxOf(page);
	await page.mouse.click(box.x + 420, gap.y + gap.height / 2);
	await expect(page).toHaveURL(/[?&]t=\d+/);
	await expect(page).not.toHaveURL(/page=/);
	for (const [y, right] of [
		[gap.y - 3, (gfn: number) => gfn >= to],
		[gap.y + gap.height + 3, (gfn: number) => gfn < from]
	] as const) {
		await page.mouse.click(box.x + 420, y);
		await expect(page).toHaveURL(/page=0x/);
		expect(right(Number(new URL(page.url()).searchParams.get('page')))).toBe(true);
	}
});

test('a rectangle over a break lists the events of all gfns between its edges', async ({ page }) => {
	await openSession(page);
	const { box, gap } = await boxOf(page);
	await page.keyboard.down('Shift');
	await page.mouse.move(box.x + 460, gap.y - 10);
	await page.mouse.down();
	await page.mouse.move(box.x + 500, gap.y + gap.height + 60, { steps: 3 });
	await page.mouse.up();
	await page.keyboard.up('Shift');
	await expect(page).toHaveURL(/brush=3:\d+\.\.\d+:0x/);
	const [, time = '', gfn = ''] = (new URL(page.url()).searchParams.get('brush') ?? '').split(':');
	const { from, to } = await unused(page);
	const [low = 0, high = 0] = gfn.split('..').map(Number);
	expect(low < from && high > to).toBe(true);
	const [start = '', end = ''] = time.split('..');
	const map = await api<HeatMap>(
		page,
		`${API}/heatmap?lane=${LANE}&from=${start}&to=${end}&gfn=${gfn}&columns=1&rows=1`
	);
	await expect(page.getByText(new RegExp(`^${map.total.toLocaleString('en-US')} match`))).toBeVisible();
});

/** How many rows the controls under the overview take, and how far right they reach. */
const controls = (page: Page) =>
	page.getByRole('group', { name: 'Modes' }).evaluate(({ parentElement }) => {
		const boxes = [...(parentElement?.children ?? [])].map((each) => each.getBoundingClientRect());
		const middles = boxes.map((box) => Math.round((box.top + box.bottom) / 2 / 4));
		return { rows: new Set(middles).size, right: Math.max(...boxes.map((box) => box.right)) };
	});

test('folding is switched off in the menu, the address keeps it, back folds again', async ({ page }) => {
	await openSession(page);
	await expect(firstBreak(page)).toBeVisible();
	expect((await controls(page)).rows).toBe(1);
	await page.setViewportSize({ width: 1024, height: 768 });
	expect((await controls(page)).rows).toBe(2);
	expect((await controls(page)).right).toBeLessThanOrEqual(1024 - 330);
	await page.setViewportSize({ width: 1440, height: 900 });
	await page.getByText('Lanes', { exact: true }).click();
	await page.getByLabel('fold long stretches').uncheck();
	await expect(page).toHaveURL(/fold=0/);
	await expect(firstBreak(page)).toHaveCount(0);
	await page.reload();
	await expect(page.locator('canvas[data-grid=ready]').first()).toBeVisible();
	await expect(firstBreak(page)).toHaveCount(0);
	await page.goBack();
	await expect(firstBreak(page)).toBeVisible();
});

test('lanes may be equally tall, which the address keeps', async ({ page }) => {
	await openSession(page, `${MEDIUM}?turned=1,2`);
	const heights = async () =>
		Promise.all((await page.locator('.plot').all()).map(async (plot) => (await plot.boundingBox())?.height));
	expect(new Set(await heights()).size).toBeGreaterThan(1);
	await page.getByText('Lanes', { exact: true }).click();
	await page.getByLabel('all lanes equally tall').check();
	await expect(page).toHaveURL(/heights=equal/);
	await expect.poll(async () => new Set(await heights()).size).toBe(1);
});

test('the picture and the table of a lane say what they fold', async ({ page }) => {
	await openSession(page);
	const { from, to } = await unused(page);
	const label = `${(to - from).toLocaleString('en-US')} unused pages`;
	const menu = page.getByRole('button', { name: /^Picture or table of/ }).first();
	await menu.click();
	const saved = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Picture as SVG' }).click();
	expect(await readFile(await (await saved).path(), 'utf8')).toContain(label);
	await menu.click();
	await page.getByRole('button', { name: 'Table of its cells' }).click();
	await expect(page.getByRole('dialog')).toContainText(label);
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });

		test('axe finds nothing on folded lanes and their menu', async ({ page }) => {
			await openSession(page);
			await page.getByText('Lanes', { exact: true }).click();
			await expect(page.getByLabel('fold long stretches')).toBeVisible();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});
	});

test('heading and text alternative say how many accesses are drawn', async ({ page }) => {
	const window = 'from=100000000000&to=101000000000';
	await openSession(page, `${MEDIUM}?modes=preexec&time=100000000000..101000000000`);
	const map = await api<HeatMap>(
		page,
		`${API}/heatmap?lane=${LANE}&${window}&kinds=preexec&columns=1&rows=1`
	);
	const { lanes } = await api<{ lanes: { accesses: number }[] }>(page, API);
	const all = (lanes[LANE]?.accesses ?? 0).toLocaleString('en-US');
	expect(map.total).toBeGreaterThan(0);
	const figure = page.getByRole('figure', { name: `${map.total} of ${all} accesses drawn` });
	await expect(figure).toBeVisible();
	await expect(figure).toContainText(`${map.total} accesses in this window`);
	await expect(page.getByText(`· ${map.total} of ${all} accesses drawn`)).toBeVisible();
	await page.goto(MEDIUM);
	await expect(page.getByRole('figure', { name: `, ${all} accesses`, exact: false })).toBeVisible();
});

test('lanes, overview and pictures go by the filter if that is wished', async ({ page }) => {
	const q = 'vcpu:1 mode:write';
	const map = await api<HeatMap>(page, `${API}/heatmap?lane=${LANE}&columns=1&rows=1&q=${q}`);
	const wanted = map.total.toLocaleString('en-US');
	await openSession(page, `${MEDIUM}?filter=${q}`);
	const overview = page.getByRole('figure', { name: /^Events of the whole session/ });
	await expect(overview.getByText('filtered')).toHaveCount(0);
	const asked = page.waitForRequest((request) => /timeline.*q=vcpu/.test(request.url()));
	await page.getByLabel('filter the lanes too').check();
	await asked;
	await expect(page).toHaveURL(/lanes=filtered/);
	await expect(overview.getByText('filtered')).toBeVisible();
	await expect(
		page.getByRole('figure', { name: new RegExp(`${wanted} of [\\d,]+ accesses drawn`) })
	).toBeVisible();
	await page
		.getByRole('button', { name: /^Picture or table of/ })
		.first()
		.click();
	const saved = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Picture as SVG' }).click();
	expect(await readFile(await (await saved).path(), 'utf8')).toContain(`filter ${q}`);
	await page.getByRole('button', { name: 'Filtered: show all accesses' }).first().click();
	await expect(page).not.toHaveURL(/lanes=/);
	await expect(page.getByRole('figure', { name: 'accesses drawn' })).toHaveCount(0);
});

test('a tooltip says which of the cell’s pages would notify at its column’s end, as the API', async ({
	page
}) => {
	await openSession(page);
	const { box } = await boxOf(page);
	await page.mouse.move(box.x + box.width * 0.52, box.y + box.height * 0.5);
	const tip = page.locator('.tip');
	await expect(tip).toContainText('would notify at this column’s end');
	const { gfn, to } = rangesIn(await tip.innerText());
	const cell = await api<TrackedCell>(page, `${API}/tracked/cell?lane=${LANE}&gfn=${gfn}&t=${to}`);
	const left = (cell.armed?.write ?? 0) - (cell.silent?.write ?? 0);
	expect(left).toBeGreaterThan(0);
	await expect(tip).toContainText(new RegExp(`(write|in every mode) ${left}\\b.* of ${cell.pages} pages`));
});

test('a session without memslots has one lane of all accesses, unused gfns folded', async ({ page }) => {
	const writes = Array.from({ length: 40 }, (_, i) => {
		const gfn = (i % 4 === 3 ? 0x80000 : 0x1000) + i;
		return `{"t":${(i + 1) * 1000},"c":0,"k":"write","a":"0x${(gfn * 4096).toString(16)}","n":8,"ip":"0x10"}`;
	});
	const lines = ['{"t":0,"k":"session","version":1,"source":"no slots","vcpus":1}', ...writes];
	const made = await page.request.post(`/api/v1/sessions?name=no-slots-${Date.now()}`, {
		headers: { 'content-type': 'application/octet-stream' },
		data: Buffer.from([...lines, '{"t":99000,"k":"end"}'].join('\n'))
	});
	const { session } = (await made.json()) as { session: { id: string } };
	const { outside } = await api<UsedGfns>(page, `/api/v1/sessions/${session.id}/used`);
	expect(outside).toMatchObject({ baseGfn: 0x1000, accesses: 40 });
	await openSession(page, `/sessions/${session.id}`);
	await expect(page.getByRole('figure', { name: /no memslot known.* 40 accesses/ })).toBeVisible();
	await expect(firstBreak(page)).toContainText('unused pages');
	await page.goto(`/sessions/${session.id}?time=0..10001`);
	await expect(page.getByRole('figure', { name: '10 of 40 accesses drawn' })).toBeVisible();
	await open(page, '/');
	await expect(page.locator(`[data-session="${session.id}"] canvas`)).toHaveAttribute('data-drawn', '40');
});

test('accesses outside every memslot have a lane under the others, with all that a lane has', async ({
	page
}) => {
	const line = (t: number, gfn: number) =>
		`{"t":${t},"c":0,"k":"write","a":"0x${(gfn * 4096).toString(16)}","n":8,"ip":"0x10"}`;
	const made = await page.request.post(`/api/v1/sessions?name=stray-${Date.now()}`, {
		headers: { 'content-type': 'application/octet-stream' },
		data: [
			'{"t":0,"k":"session","version":1,"source":"by hand","vcpus":1}',
			'{"t":0,"k":"create_slot","id":0,"a":"0x1000000","npages":4096,"flags":0,"name":"ram"}',
			...Array.from({ length: 60 }, (_, i) => line((i + 1) * 1000, i % 3 ? 0x1000 + i : 0xa0 + i)),
			'{"t":99000,"k":"end"}'
		].join('\n')
	});
	const { session } = (await made.json()) as { session: { id: string } };
	await openSession(page, `/sessions/${session.id}`);
	const lanes = page.locator('figure[data-lane]');
	await expect(lanes).toHaveCount(2);
	const last = lanes.last();
	await expect(last).toHaveAttribute('data-lane', '65535');
	await expect(last).toHaveAccessibleName(/no memslot, outside every slot: gfns 0xa0 .* 20 accesses/);
	await expect(last.locator('canvas').first()).toHaveAttribute('data-grid', 'ready');
	// the lowest gfn is at the bottom left, its access right after the session's start
	const box = await last.locator('.plot').boundingBox();
	await page.mouse.move(
		(box?.x ?? 0) + ((box?.width ?? 0) * 960) / 99001,
		(box?.y ?? 0) + (box?.height ?? 0) - 1
	);
	await expect(page.locator('.tip')).toContainText('1 access');
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: /Picture.*no memslot/ }).click();
	await page.getByRole('button', { name: 'Picture as SVG' }).click();
	const svg = await readFile(await (await download).path(), 'utf8');
	expect(svg).toContain('no memslot');
	expect(svg).toContain('0xa0');
	await page.getByRole('button', { name: 'no memslot', exact: true }).click();
	await expect(page.locator('.quiet button')).toContainText('no memslot 0xa0 · 20');
});

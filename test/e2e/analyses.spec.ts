import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { type Download, expect, type Page, test } from '@playwright/test';
import type {
	HotPages,
	IdleAges,
	OffsetMap,
	TopRips,
	VcpuLanes,
	WorkingSet,
	WrittenThenExecutedList
} from '#lib/api/analyses-types.ts';
import type { HeatMap, SessionInfo, SessionList } from '#lib/api/types.ts';
import { API, api, MEDIUM, openSession, position } from './helpers.ts';

const int = (value: number) => value.toLocaleString('en-US');
const panel = (page: Page) => page.getByRole('tabpanel');
/** The answer on the screen, once it belongs to the view. */
const answer = (page: Page, name: string) => panel(page).locator(`[data-analysis=${name}][data-fresh=true]`);
const openAnalysis = async (page: Page, name: string, more = '', session = MEDIUM) => {
	await openSession(page, `${session}?tab=analyses&analysis=${name}${more}`);
	await expect(answer(page, name)).toBeVisible();
};
const WINDOW = '&time=80000000000..100000000000';
const RANGE = 'from=80000000000&to=100000000000';

/** Clicks in a menu of pictures and returns the file. */
async function save(page: Page, menu: RegExp | string, choice: string): Promise<Download> {
	await page.getByRole('button', { name: menu }).first().click();
	const [download] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: choice }).filter({ visible: true }).click()
	]);
	return download;
}

test('the analyses open beside the lanes, and the address keeps the choice', async ({ page }) => {
	await openSession(page);
	await page.getByRole('tab', { name: 'Analyses' }).click();
	await expect(answer(page, 'working-set')).toBeVisible();
	await expect(page.locator('canvas[data-grid=ready]').first()).toBeVisible();
	await page.getByRole('combobox', { name: 'Analysis' }).selectOption('Hot pages');
	await expect(page).toHaveURL(/tab=analyses&analysis=hot-pages/);
	await expect(answer(page, 'hot-pages')).toBeVisible();
	await page.goBack();
	await expect(answer(page, 'working-set')).toBeVisible();
});

test('the working set follows the window and says the peak that the API says', async ({ page }) => {
	await openAnalysis(page, 'working-set');
	const columns = Math.floor(((await panel(page).locator('section').boundingBox())?.width ?? 0) / 40) * 20;
	const peak = async (range: string) =>
		(await api<WorkingSet>(page, `${API}/analyses/working-set?by=mode&columns=${columns}&${range}`)).peak
			?.pages ?? 0;
	await expect(panel(page).getByText(`At most ${int(await peak(''))} pages`)).toBeVisible();
	await openAnalysis(page, 'working-set', `${WINDOW}&modes=preexec`);
	await expect(
		panel(page).getByText(`At most ${int(await peak(`${RANGE}&kinds=preexec`))} pages`)
	).toBeVisible();
	await page.getByRole('button', { name: 'preexec', exact: true }).click();
	await expect(panel(page)).toContainText('No mode is switched on');
});

test('hot pages are those of the API, and a click jumps to the first access and selects the page', async ({
	page
}) => {
	await openAnalysis(page, 'hot-pages', WINDOW);
	const { items, pages } = await api<HotPages>(page, `${API}/analyses/hot-pages?${RANGE}&limit=50`);
	await expect(panel(page).locator('caption')).toContainText(int(pages));
	const rows = panel(page).locator('tbody tr');
	await expect(rows).toHaveCount(items.length);
	for (const [i, item] of items.slice(0, 5).entries())
		await expect(rows.nth(i)).toContainText(`0x${item.gfn.toString(16)}`);
	await expect(rows.first()).toContainText(int(items[0]?.total ?? -1));
	await rows.first().getByRole('button', { name: 'first event' }).click();
	await expect(page).toHaveURL(new RegExp(`seq=${items[0]?.firstSeq}.*page=0x${items[0]?.gfn.toString(16)}`));
	await page.getByRole('tab', { name: 'State' }).click();
	await expect(position(page)).toContainText(`#${int(items[0]?.firstSeq ?? -1)}`);
});

test('idle ages, vCPUs, instructions and written pages show the API’s numbers', async ({ page }) => {
	await openAnalysis(page, 'idle-ages', `${WINDOW}&only=3`);
	const idle = await api<IdleAges>(page, `${API}/analyses/idle-ages?${RANGE}&lane=3`);
	await expect(panel(page).locator('caption')).toContainText(int(idle.never ?? -1));
	const shown = await panel(page).locator('tbody td.num').allInnerTexts();
	expect(shown).toEqual(idle.buckets.map((bucket) => int(bucket.pages)));

	await openAnalysis(page, 'vcpus', WINDOW);
	const { vcpus } = await api<VcpuLanes>(page, `${API}/analyses/vcpus?${RANGE}&columns=10`);
	for (const { vcpuId, total, pages } of vcpus)
		await expect(panel(page).getByRole('heading', { name: `vCPU ${vcpuId}` })).toContainText(
			`${int(total)} accesses to ${int(pages)} pages`
		);

	await openAnalysis(page, 'top-rips', WINDOW);
	const rips = await api<TopRips>(page, `${API}/analyses/top-rips?${RANGE}&limit=50`);
	const first = panel(page).locator('tbody tr').first();
	await expect(first).toContainText(rips.items[0]?.rip ?? 'none');
	await expect(first).toContainText(int(rips.items[0]?.count ?? -1));

	await openAnalysis(page, 'written-executed', '&order=delay');
	const list = await api<WrittenThenExecutedList>(page, `${API}/analyses/written-executed?order=delay`);
	await expect(panel(page).locator('caption')).toContainText(
		`${int(list.total)} times on ${int(list.pages)} pages`
	);
	await panel(page).locator('tbody tr').first().getByRole('button', { name: 'execution event' }).click();
	await expect(page).toHaveURL(new RegExp(`seq=${list.items[0]?.execSeq}`));
});

test('the offset map takes a period, and its tooltip says what the API counts', async ({ page }) => {
	await openAnalysis(page, 'offsets', WINDOW);
	await page.getByRole('textbox', { name: /Period/ }).fill('2 s');
	await page.getByRole('textbox', { name: /Period/ }).press('Enter');
	await expect(page).toHaveURL(/period=2000000000/);
	const map = await api<OffsetMap>(page, `${API}/analyses/offsets?${RANGE}&period=2000000000&rows=64`);
	await expect(answer(page, 'offsets')).toContainText('columns of 2');
	const plot = panel(page).locator('.plot');
	const box = await plot.boundingBox();
	if (!box) throw new Error('no map');
	// column 7 of 10, row 20 of 64, counted from below
	await page.mouse.move(box.x + (box.width * 7.5) / 10, box.y + box.height * (1 - 20.5 / 64));
	await expect(panel(page).locator('.tip')).toContainText(
		`${int(map.cells[20 * map.columns + 7] ?? -1)} access`
	);
	await page.mouse.down();
	await page.mouse.up();
	await expect(page).toHaveURL(new RegExp(`[?&]t=${80e9 + 7 * 2e9 + 20 * map.rowNs}`));
});

test('an empty analysis says why it is empty', async ({ page }) => {
	await openAnalysis(page, 'anomalies');
	await expect(panel(page)).toContainText('This source reported no anomaly');
	await expect(page.getByRole('button', { name: 'Picture of this analysis' })).toHaveCount(0);
	await openAnalysis(page, 'retry-storms');
	await expect(panel(page)).toContainText('No access was notified 3 times or more');
	await openSession(page, `${MEDIUM}?tab=analyses&analysis=written-executed&modes=write`);
	await expect(panel(page)).toContainText('Switch on the mode preexec');
});

test('storms and anomalies of a simulated host are listed and explained', async ({ page }) => {
	const made = await page.request.post('/api/v1/simulations', {
		data: { workload: 'retry-storm', events: 3000, name: `storm ${Date.now()}` }
	});
	expect(made.ok()).toBe(true);
	const { id } = ((await made.json()) as { session: SessionInfo }).session;
	const own = async () =>
		(await api<SessionList>(page, '/api/v1/sessions')).sessions.find((session) => session.id === id);
	await expect.poll(async () => (await own())?.ended, { timeout: 20_000 }).toBe(true);
	await openAnalysis(page, 'retry-storms', '', `/sessions/${id}`);
	await expect(panel(page).locator('tbody tr').first()).toContainText('denied');
	await page.getByRole('combobox', { name: 'Analysis' }).selectOption('Anomalies');
	await expect(answer(page, 'anomalies')).toContainText('A refused access is repeated without end');
	await page.request.delete(`/api/v1/sessions/${id}`);
});

test('a list grows on demand and goes out as CSV with all its rows', async ({ page }) => {
	await openAnalysis(page, 'hot-pages');
	const rows = panel(page).locator('tbody tr');
	await expect(rows).toHaveCount(50);
	await panel(page).getByRole('button', { name: 'Show more' }).click();
	await expect(rows).toHaveCount(200);
	await panel(page).getByRole('button', { name: 'Picture of this analysis' }).click();
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: 'This list as CSV' }).click();
	const text = await readFile(await (await download).path(), 'utf8');
	const [head, first, ...others] = text.trimEnd().split('\r\n');
	expect(head).toContain('gfn,lane,total,preread,prewrite,write,preexec');
	expect(others).toHaveLength(199);
	expect(first).toContain((await rows.first().locator('td').first().textContent())?.trim());
});

test('a lane is saved as SVG with its session, window, filter and axes', async ({ page }) => {
	await openSession(page, `${MEDIUM}?${WINDOW.slice(1)}&modes=write,preexec&fold=0`);
	const file = await save(page, /Picture or table of pc.ram/, 'Picture as SVG');
	expect(file.suggestedFilename()).toMatch(/\.svg$/);
	const svg = await readFile(await file.path(), 'utf8');
	for (const text of [
		'session: medium-phases-2vcpu (qemu-tcg)',
		'window: [80.000',
		'filter: modes write, preexec',
		'time since the session’s start (s)',
		'guest frame number (gfn)',
		'accesses a cell (log scale)',
		'href="data:image/png;base64,'
	])
		expect(svg).toContain(text);
	const map = await api<HeatMap>(
		page,
		`${API}/heatmap?lane=3&kinds=write,preexec&${RANGE}&columns=1060&rows=420`
	);
	expect(svg).toContain(`>${int(map.max)} accesses a cell`);
});

test('a chart is saved as PNG', async ({ page }) => {
	await openAnalysis(page, 'vcpus', WINDOW);
	const file = await save(page, 'Picture of this analysis', 'Picture as PNG');
	const png = await readFile(await file.path());
	expect(png.subarray(1, 4).toString()).toBe('PNG');
	expect(png.readUInt32BE(16)).toBe(2400);
});

test('the cells of a lane are a table with the API’s numbers, and CSV', async ({ page }) => {
	await openSession(page, `${MEDIUM}?fold=0`);
	await page
		.getByRole('button', { name: /Picture or table of pc.ram/ })
		.first()
		.click();
	await page.getByRole('button', { name: 'Table of its cells' }).filter({ visible: true }).click();
	const dialog = page.getByRole('dialog', { name: /pc.ram: accesses/ });
	const map = await api<HeatMap>(page, `${API}/heatmap?lane=3&columns=24&rows=16`);
	await expect(dialog.getByRole('rowheader')).toHaveCount(map.rows);
	await expect(dialog.getByRole('columnheader')).toHaveCount(map.columns + 1);
	const cells = await dialog.locator('td').allInnerTexts();
	const upwards = Array.from({ length: map.rows }, (_, row) =>
		map.cells.slice(row * map.columns, (row + 1) * map.columns)
	);
	expect(cells).toEqual(upwards.reverse().flat().map(int));
	expect((await new AxeBuilder({ page }).include('dialog[open]').analyze()).violations).toEqual([]);
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		dialog.getByRole('button', { name: 'Download CSV' }).click()
	]);
	const csv = await readFile(await file.path(), 'utf8');
	expect(csv.split('\r\n')).toHaveLength(map.columns * map.rows + 2);
	expect(csv.split('\r\n')[1]).toBe(
		`0,${map.columnNs},${map.startGfn + 15 * map.rowPages},65536,${map.cells[15 * map.columns]}`
	);
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });
		for (const name of ['working-set', 'hot-pages', 'offsets', 'written-executed'])
			test(`axe finds nothing on ${name}`, async ({ page }) => {
				await openAnalysis(page, name);
				const axe = new AxeBuilder({ page }).include('aside').include('h2:has([popovertarget])');
				expect((await axe.analyze()).violations).toEqual([]);
			});
	});

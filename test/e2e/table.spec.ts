import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import type { EventRowPage } from '#lib/api/event-types.ts';
import type { SessionDetail } from '#lib/api/types.ts';
import { API, api, mainLane, MEDIUM, openSession, position } from './helpers.ts';

const grid = (page: Page) => page.getByRole('grid', { name: 'Events' });
const row = (page: Page, seq: number) =>
	grid(page)
		.getByRole('row')
		.filter({ has: page.getByText(seq.toLocaleString('en-US'), { exact: true }) });
const menu = (page: Page, name: string) =>
	page.getByRole('region', { name: 'Events' }).locator('summary', { hasText: name });

test('columns are chosen, kept in the address and remembered for other sessions', async ({ page }) => {
	await openSession(page);
	await menu(page, 'Columns').click();
	// the whole list lies within the window
	const list = await page.getByRole('group', { name: 'Columns of the table' }).boundingBox();
	expect(
		list && list.x >= 0 && list.y >= 0 && list.x + list.width <= 1440 && list.y + list.height <= 900
	).toBe(true);
	await page.getByRole('checkbox', { name: /^gpa/ }).check();
	await page.getByRole('checkbox', { name: /^bytes/ }).uncheck();
	await expect(grid(page).getByRole('columnheader', { name: 'gpa' })).toBeVisible();
	await expect(grid(page).getByRole('columnheader', { name: 'bytes' })).toHaveCount(0);
	await expect(page).toHaveURL(/columns=seq,time_ns,vcpu,kind,gfn,offset,gpa,rip,detail/);
	await openSession(page, '/sessions/small-kernel-image-1vcpu');
	await expect(grid(page).getByRole('columnheader', { name: 'gpa' })).toBeVisible();
	// a link shows what it says, not what was remembered
	await openSession(page, `${MEDIUM}?seq=5`);
	await expect(grid(page).getByRole('columnheader', { name: 'bytes' })).toBeVisible();
});

test('keys go from row to row of a filtered table, and shift chooses a range', async ({ page }) => {
	await openSession(page, `${MEDIUM}?filter=kind:mark&seq=0`);
	await expect(page.getByText('12 matches')).toBeVisible();
	const { events } = await api<EventRowPage>(page, `${API}/events/rows?q=kind:mark&row=0&limit=12`);
	const seqs = events.map((event) => event.seq);
	await grid(page).focus();
	await page.keyboard.press('ArrowDown');
	await expect(position(page)).toContainText(`#${seqs[0]?.toLocaleString('en-US')}`);
	await page.keyboard.press('ArrowDown');
	await expect(position(page)).toContainText(`#${seqs[1]?.toLocaleString('en-US')}`);
	await expect(row(page, seqs[1] ?? 0)).toHaveAttribute('aria-selected', 'true');
	await page.keyboard.press('Shift+ArrowDown');
	await page.keyboard.press('Shift+ArrowDown');
	await expect(page.getByText('3 chosen rows').first()).toBeVisible();
	await expect(page).toHaveURL(new RegExp(`rows=${seqs[1]}\\.\\.${(seqs[3] ?? 0) + 1}`));
	// its time is shaded in the lanes and the overview, from the first event to the last
	const end = (await api<SessionDetail>(page, API)).endNs + 1;
	const lane = await mainLane(page).boundingBox();
	const shade = page.locator('figure[data-lane] .chosen').first();
	const overview = page.locator('svg .chosen');
	const share = (i: number) => (events[i]?.t ?? 0) / end;
	for (const drawn of [await shade.boundingBox(), await overview.boundingBox()]) {
		expect(drawn?.x).toBeCloseTo((lane?.x ?? 0) + (lane?.width ?? 0) * share(1), 0);
		expect(drawn?.width).toBeCloseTo((lane?.width ?? 0) * (share(3) - share(1)), 0);
	}
	expect(share(3) - share(1)).toBeGreaterThan(0.02);
	await page.keyboard.press('Escape');
	await expect(page).not.toHaveURL(/rows=/);
	await expect(shade.or(overview)).toHaveCount(0);
	await page.keyboard.press('End');
	await expect(position(page)).toContainText(`#${seqs[11]?.toLocaleString('en-US')}`);
	await expect(grid(page)).toHaveAttribute('aria-rowcount', '13');
});

test('a chosen range goes to the clipboard and to files exactly', async ({ page, context }) => {
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	await openSession(page, `${MEDIUM}?filter=mode:prewrite&seq=460348&columns=seq,time_ns,kind,gfn,rip`);
	const { events } = await api<EventRowPage>(page, `${API}/events/rows?q=mode:prewrite&seq=460348&limit=5`);
	const [first, last] = [events[0], events[4]];
	if (!first || !last) throw new Error('no events');
	await row(page, first.seq).click();
	await expect(position(page)).toContainText(`#${first.seq.toLocaleString('en-US')}`);
	// the first match is the lowest row in sight
	await page.mouse.wheel(0, 84);
	await row(page, last.seq).click({ modifiers: ['Shift'] });
	await expect(page.getByText('5 chosen rows').first()).toBeVisible();
	const cells = events.map(({ seq, t, k, a, ip }) => [
		...[String(seq), String(t), k, `0x${(BigInt(a as string) >> 12n).toString(16)}`, String(ip as string)]
	]);

	await menu(page, 'Export').click();
	await page.getByRole('button', { name: 'Copy the chosen rows' }).click();
	await expect(page.getByText('Copied 5 rows')).toBeVisible();
	const copied = await page.evaluate(() => navigator.clipboard.readText());
	expect(copied.trimEnd().split('\n')).toEqual(
		[['seq', 'time_ns', 'kind', 'gfn', 'rip'], ...cells].map((line) => line.join('\t'))
	);

	const save = async (name: RegExp) => {
		await menu(page, 'Export').click();
		const download = page.waitForEvent('download');
		await page.getByRole('link', { name }).click();
		return readFile(await (await download).path(), 'utf8');
	};
	const csv = await save(/Save the chosen rows.*CSV/);
	expect(csv.trimEnd().split('\n')).toEqual(
		[['seq', 'time_ns', 'kind', 'gfn', 'rip'], ...cells].map((line) => line.join(','))
	);
	const lines = (await save(/Save the chosen rows.*NDJSON/)).trimEnd().split('\n');
	expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events.map(({ seq: _, ...rest }) => rest));
});

test('without a range the matches go out, and too many rows are not copied', async ({ page }) => {
	await openSession(page, `${MEDIUM}?filter=kind:mark`);
	await menu(page, 'Export').click();
	const download = page.waitForEvent('download');
	await page.getByRole('link', { name: /Save these matches.*NDJSON/ }).click();
	const text = await readFile(await (await download).path(), 'utf8');
	expect(text.trimEnd().split('\n')).toHaveLength(12);
	await openSession(page);
	await menu(page, 'Export').click();
	await page.getByRole('button', { name: /^Copy all/ }).click();
	await expect(page.getByText('are too many to copy')).toBeVisible();
});

test('the entries of the export menu do not lie over each other', async ({ page }) => {
	await openSession(page, `${MEDIUM}?seq=460348&rows=460346..460350`);
	await menu(page, 'Export').click();
	const copy = await page.getByRole('button', { name: /^Copy the chosen rows/ }).boundingBox();
	const words = await page.getByText('tab-separated text').boundingBox();
	const save = await page.getByRole('link', { name: /Save the chosen rows.*NDJSON/ }).boundingBox();
	if (!copy || !words || !save) throw new Error('no menu');
	expect(words.y + words.height).toBeLessThanOrEqual(copy.y + copy.height);
	expect(copy.y + copy.height).toBeLessThanOrEqual(save.y);
});

test('an empty rectangle is said to be empty, and an unfinished word is not yet wrong', async ({ page }) => {
	await openSession(page, `${MEDIUM}?brush=3:0..1:0x100..0x101`);
	await expect(page.getByText('No event lies in the marked rectangle.')).toBeVisible();
	const input = page.getByRole('combobox', { name: 'Filter events' });
	await input.pressSequentially('mod');
	await expect(page.getByRole('listbox', { name: 'Completions' })).toBeVisible();
	await expect(page.getByRole('alert').getByText('column 1')).toHaveCount(0);
	await page.keyboard.press('Escape');
	await expect(page.getByRole('alert').getByText('column 1')).toBeVisible();
});

test('at 1024 pixels the usual columns are in sight as a whole, under their headings', async ({ page }) => {
	await page.setViewportSize({ width: 1024, height: 768 });
	await openSession(page, `${MEDIUM}?seq=460348`);
	const grid = page.getByRole('grid', { name: 'Events' });
	const cells = grid.locator('.row.current [role=gridcell]');
	await expect(cells).toHaveCount(9);
	expect(await grid.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
	const lefts = (of: string) =>
		grid.locator(of).evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().left)));
	expect(await lefts('.row.current [role=gridcell]')).toEqual(await lefts('[role=columnheader]'));
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });

		test('axe finds nothing on a chosen range and the menu of columns', async ({ page }) => {
			await openSession(page, `${MEDIUM}?seq=460348&rows=460346..460350`);
			await expect(page.getByText('4 chosen rows').first()).toBeVisible();
			await menu(page, 'Columns').click();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});
	});

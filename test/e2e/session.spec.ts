import { expect, test } from '@playwright/test';
import type { EventPage, HeatMap, StateView } from '#lib/api/types.ts';
import { sizeText } from '#lib/view/lane-text.ts';
import { API, api, mainLane, openSession, position } from './helpers.ts';

test('the first heat map of a real guest is painted, with colours', async ({ page }) => {
	await openSession(page);
	const painted = await page
		.locator('canvas[data-grid=ready]')
		.first()
		.evaluate((canvas: HTMLCanvasElement) => {
			const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
				data: []
			};
			const colours = new Set<number>();
			for (let i = 0; i < data.length; i += 4)
				colours.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0));
			return colours.size;
		});
	expect(painted).toBeGreaterThan(30);
});

test('a click in a lane moves the cursor, and the state panel says what the API says', async ({ page }) => {
	await openSession(page);
	await mainLane(page).click({ position: { x: 300, y: 120 } });
	await expect(page).toHaveURL(/[?&]t=\d+/);
	const t = Number(new URL(page.url()).searchParams.get('t'));
	const state = await api<StateView>(page, `${API}/state?t=${t}`);
	await expect(position(page)).toContainText(`#${state.seq.toLocaleString('en-US')}`);
	await expect(page.getByLabel('Tracking state at the cursor').locator('dd').first()).toHaveText(
		String(state.memslots.length)
	);
});

test('the arrow keys go from event to event', async ({ page }) => {
	await openSession(page, '/sessions/medium-phases-2vcpu?seq=48211');
	await expect(position(page)).toContainText('#48,211');
	await page.keyboard.press('ArrowRight');
	await expect(position(page)).toContainText('#48,212');
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('ArrowLeft');
	await expect(position(page)).toContainText('#48,210');
	await page.keyboard.press('End');
	await expect(position(page)).toContainText('ended');
});

test('shift and an arrow go to the next change of what is tracked', async ({ page }) => {
	await openSession(page, '/sessions/medium-phases-2vcpu?seq=48211');
	await expect(position(page)).toContainText('#48,211');
	const kinds =
		'memslot_create,memslot_move,memslot_flags,memslot_delete,register,unregister,track_add,track_remove,epoch';
	const next = await api<EventPage>(page, `${API}/events?kinds=${kinds}&from=48212&limit=1`);
	await page.keyboard.press('Shift+ArrowRight');
	await expect(position(page)).toContainText(`#${next.events[0]?.seq.toLocaleString('en-US')}`);
});

test('a tooltip says what the API counts for that cell', async ({ page }) => {
	await openSession(page);
	const box = await mainLane(page).boundingBox();
	if (!box) throw new Error('no heat map');
	await page.mouse.move(box.x + box.width * 0.54, box.y + box.height * 0.5);
	const tip = page.locator('.tip');
	await expect(tip).toBeVisible();
	const text = await tip.innerText();
	const [, from = '', to = ''] = /gfn \[(0x[0-9a-f]+), (0x[0-9a-f]+)\)/.exec(text) ?? [];
	const ns = [...text.matchAll(/([\d,]+)\.([\d\u202f]+)\u202fs/g)].map(
		([, whole = '', part = '']) =>
			Number(whole.replaceAll(',', '')) * 1e9 + Number(part.replaceAll('\u202f', '').padEnd(9, '0'))
	);
	const [start, end] = [ns.at(-2) ?? 0, ns.at(-1) ?? 0];
	const lane = await page.locator('figure[data-lane]').first().getAttribute('data-lane');
	const map = await api<HeatMap>(
		page,
		`${API}/heatmap?lane=${lane}&from=${start}&to=${end}&gfn=${from}..${to}&columns=1&rows=1`
	);
	expect(map.total).toBeGreaterThan(0);
	expect(text).toContain(`${map.total.toLocaleString('en-US')} access`);
});

test('the wheel zooms the time at the pointer, and 0 shows all again', async ({ page }) => {
	await openSession(page);
	await mainLane(page).hover({ position: { x: 400, y: 100 } });
	await page.mouse.wheel(0, -600);
	await expect(page).toHaveURL(/time=\d+\.\.\d+/);
	await page.keyboard.press('0');
	await expect(page).not.toHaveURL(/time=/);
});

test('shift and the wheel zoom the gfns of that lane alone', async ({ page }) => {
	await openSession(page);
	await mainLane(page).hover({ position: { x: 400, y: 100 } });
	await page.keyboard.down('Shift');
	await page.mouse.wheel(0, -600);
	await page.keyboard.up('Shift');
	await expect(page).toHaveURL(/gfn=\d+:0x[0-9a-f]+\.\.0x[0-9a-f]+/);
});

test('dragging in the overview chooses a window', async ({ page }) => {
	await openSession(page);
	const overview = page.getByLabel(/Events of the whole session/).locator('svg');
	const box = await overview.boundingBox();
	if (!box) throw new Error('no overview');
	await page.mouse.move(box.x + 300, box.y + 25);
	await page.mouse.down();
	await page.mouse.move(box.x + 500, box.y + 25, { steps: 4 });
	await page.mouse.up();
	await expect(page).toHaveURL(/time=\d+\.\.\d+/);
});

test('switching modes off leaves only their accesses out, and the address keeps it', async ({ page }) => {
	await openSession(page);
	for (const mode of ['preread', 'prewrite', 'write'])
		await page.getByRole('button', { name: mode, exact: true }).click();
	await expect(page).toHaveURL(/modes=preexec/);
	const summary = page.locator('figure[data-lane] figcaption').first();
	const map = await api<HeatMap>(page, `${API}/heatmap?lane=3&kinds=preexec&columns=8&rows=8`);
	await expect(summary).toContainText(map.total.toLocaleString('en-US'));
});

test('a copied link restores the view exactly', async ({ page, context }) => {
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	await openSession(
		page,
		'/sessions/medium-phases-2vcpu?time=88938000000..103177000000&gfn=3:0x6000..0x9000&modes=preread,write&colour=rank&seq=500000&page=0x7000&tab=page'
	);
	await page.getByRole('button', { name: 'Copy link' }).click();
	const link = await page.evaluate(() => navigator.clipboard.readText());
	const other = await context.newPage();
	await openSession(other, link);
	for (const each of [page, other]) await each.waitForTimeout(500);
	expect(new URL(other.url()).search).toBe(new URL(page.url()).search);
	expect(await other.locator('canvas').first().screenshot()).toEqual(
		await page.locator('canvas').first().screenshot()
	);
});

test('back returns to the view before', async ({ page }) => {
	await openSession(page);
	await page.getByRole('tab', { name: 'Event' }).click();
	await expect(page).toHaveURL(/tab=event/);
	await page.goBack();
	await expect(page.getByRole('tab', { name: 'State' })).toHaveAttribute('aria-selected', 'true');
});

test('the page panel tells the story of a page as the API does', async ({ page }) => {
	await openSession(page, '/sessions/medium-phases-2vcpu?page=0x4578&tab=page');
	const history = await api<{ topRips: { rip: string }[]; counts: Record<string, number> }>(
		page,
		`${API}/pages/0x4578`
	);
	const panel = page.getByRole('tabpanel');
	await expect(panel).toContainText('0x4578');
	for (const { rip } of history.topRips)
		await expect(panel.getByText(rip, { exact: true }).first()).toBeVisible();
});

test('another panel leaves the rows of the event table as they are', async ({ page }) => {
	await openSession(page, '/sessions/medium-phases-2vcpu?seq=48211');
	const row = page.locator('.scroll [role=row]').filter({ hasText: '48,211' });
	await expect(row).toContainText('preread');
	await page.getByRole('tab', { name: 'Page' }).click();
	await expect(page).toHaveURL(/tab=page/);
	await expect(row).toContainText('preread');
});

test('the event table scrolls to the last of a million events', async ({ page }) => {
	await openSession(page);
	const scroll = page.locator('.scroll');
	await scroll.evaluate((box) => (box.scrollTop = box.scrollHeight));
	await expect(page.getByRole('row').filter({ hasText: '1,226,943' })).toContainText('end');
});

test('the filter lists exactly the events that the API finds', async ({ page }) => {
	await openSession(page);
	await page.keyboard.press('/');
	await page.keyboard.type('kind:mark');
	await expect(page.getByText('12 matches')).toBeVisible();
	await page.getByRole('combobox', { name: 'Filter events' }).fill('kind:sneeze');
	await expect(page.getByRole('alert').filter({ hasText: 'sneeze' })).toBeVisible();
});

test('a marked rectangle lists its own events', async ({ page }) => {
	await openSession(page);
	const box = await mainLane(page).boundingBox();
	if (!box) throw new Error('no heat map');
	await page.keyboard.down('Shift');
	await page.mouse.move(box.x + 460, box.y + 160);
	await page.mouse.down();
	await page.mouse.move(box.x + 470, box.y + 170, { steps: 3 });
	const tip = page.locator('[aria-live=polite] .tip');
	await expect(tip).toContainText('marked');
	const size = await tip.innerText();
	await page.mouse.up();
	await page.keyboard.up('Shift');
	await expect(page).toHaveURL(/brush=3:\d+\.\.\d+:0x/);
	await expect(page.getByText('marked rectangle')).toBeVisible();
	const [, time = '', gfn = ''] = (new URL(page.url()).searchParams.get('brush') ?? '').split(':');
	const [from, to] = time.split('..').map(Number);
	const [low, high] = gfn.split('..').map(Number);
	const marked = { time: { from: from ?? 0, to: to ?? 0 }, gfns: { from: low ?? 0, to: high ?? 0 } };
	expect(size.trim()).toBe(`${sizeText(marked, 'ns')} marked`);
	const map = await api<HeatMap>(
		page,
		`${API}/heatmap?lane=3&from=${from}&to=${to}&gfn=${gfn}&columns=1&rows=1`
	);
	const shown = page.getByText(/[\d,]+ match(es)?/);
	await expect(shown).toHaveText(new RegExp(`^${map.total.toLocaleString('en-US')} match`));
});

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import type { HeatMap } from '#lib/api/types.ts';
import { sizeText } from '#lib/view/lane-text.ts';
import { API, api, mainLane, MEDIUM, openSession, position } from './helpers.ts';

const tip = (page: Page) => page.locator('.tip');
const params = (page: Page) => new URL(page.url()).searchParams;
const rangeOf = (page: Page, name: string) =>
	(params(page).get(name) ?? '').replace(/^\d+:/, '').split('..').map(Number);

/** Goes to an element by Tab, as somebody without a pointer does; each lane and memslot is a stop on the way. */
async function tabTo(page: Page, role: string, name: RegExp) {
	const target = page.getByRole(role as 'application', { name }).first();
	for (let i = 0; i < 80; i++) {
		await page.keyboard.press('Tab');
		if (await target.evaluate((node) => node === document.activeElement)) return target;
	}
	throw new Error(`Tab never reached ${String(name)}`);
}
const tabToLane = (page: Page) => tabTo(page, 'application', /^pc\.ram.*arrow keys/);

/** Range of gfns and of time in ns that the tooltip tells. */
async function cellOf(page: Page) {
	const text = await tip(page).innerText();
	const [, low = '', high = ''] = /gfn \[(0x[0-9a-f]+), (0x[0-9a-f]+)\)/.exec(text) ?? [];
	const [from = 0, to = 0] = [...text.matchAll(/([\d,]+)\.([\d\u202f]+)\u202fs/g)]
		.map(
			([, whole = '', part = '']) =>
				Number(whole.replaceAll(',', '')) * 1e9 + Number(part.replaceAll('\u202f', '').padEnd(9, '0'))
		)
		.slice(-2);
	return { low: Number(low), high: Number(high), from, to, text };
}

test('the first stops of Tab skip to the heat maps, the events and the panel', async ({ page }) => {
	for (const [name, id] of [
		['Heat maps', 'lanes'],
		['Events', 'events'],
		['Panel', 'panel']
	] as const) {
		await openSession(page, `${MEDIUM}?t=96000000000&page=0x4578`);
		const link = await tabTo(page, 'link', new RegExp(`^Skip to: ${name}$`));
		await expect(link).toBeInViewport();
		const { search } = new URL(page.url());
		await page.keyboard.press('Enter');
		await expect(page.locator(`#${id}`)).toBeFocused();
		expect(new URL(page.url())).toMatchObject({ search, hash: '' });
	}
});

test('in a lane the arrows go from cell to cell, and each is told', async ({ page }) => {
	await openSession(page, `${MEDIUM}?time=88000000000..104000000000&t=96000000000&page=0x4578`);
	await tabToLane(page);
	const first = await cellOf(page);
	expect(first.low <= 0x4578 && 0x4578 < first.high).toBe(true);
	expect(first.from <= 96e9 && 96e9 < first.to).toBe(true);
	await expect(page.locator('[aria-live=polite] .tip')).toHaveCount(1);
	await page.keyboard.press('ArrowRight');
	await expect.poll(async () => (await cellOf(page)).from).toBe(first.to);
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('ArrowUp');
	await expect.poll(async () => (await cellOf(page)).low).toBe(first.high);
	expect((await cellOf(page)).from).toBe(first.from);
	const { low, high, from, to, text } = await cellOf(page);
	const map = await api<HeatMap>(
		page,
		`${API}/heatmap?lane=3&from=${from}&to=${to}&gfn=${low}..${high}&columns=1&rows=1`
	);
	expect(text).toContain(map.total === 1 ? '1 access' : `${map.total.toLocaleString('en-US')} accesses`);
});

test('Enter puts the cursor and the page to the cell', async ({ page }) => {
	await openSession(page, `${MEDIUM}?t=96000000000&page=0x4578`);
	await tabToLane(page);
	await page.keyboard.press('Control+ArrowRight');
	await page.keyboard.press('ArrowDown');
	const { low, from, to } = await cellOf(page);
	expect(from).toBeGreaterThan(96e9);
	await page.keyboard.press('Enter');
	await expect.poll(() => Number(params(page).get('page'))).toBe(low);
	const t = Number(params(page).get('t'));
	expect(from <= t && t < to).toBe(true);
});

test('shift and arrows mark a rectangle, Enter lists its events', async ({ page }) => {
	await openSession(page, `${MEDIUM}?t=96000000000&page=0x4578`);
	await tabToLane(page);
	const first = await cellOf(page);
	for (const key of ['ArrowRight', 'ArrowRight', 'ArrowUp']) await page.keyboard.press(`Shift+${key}`);
	await expect(page.locator('.plot .brush')).toBeVisible();
	const last = await cellOf(page);
	const size = sizeText(
		{ time: { from: first.from, to: last.to }, gfns: { from: first.low, to: last.high } },
		'ns'
	);
	await expect(page.locator('[aria-live=polite] .tip')).toContainText(`${size} marked`);
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/brush=3:/);
	const [, time = '', gfn = ''] = (params(page).get('brush') ?? '').split(':');
	expect(time.split('..').map(Number)).toEqual([first.from, last.to]);
	expect(gfn.split('..').map(Number)).toEqual([first.low, last.high]);
	await expect(page.getByText('marked rectangle')).toBeVisible();
	await expect(tip(page)).not.toContainText('marked');
});

test('in a lane keys zoom and pan the time and the gfns', async ({ page }) => {
	await openSession(page, `${MEDIUM}?t=96000000000&page=0x4578`);
	await tabToLane(page);
	await page.keyboard.press('z');
	await page.keyboard.press('z');
	await expect(page).toHaveURL(/gfn=3:/);
	const zoomed = rangeOf(page, 'gfn');
	await page.keyboard.press('PageUp');
	await expect.poll(() => rangeOf(page, 'gfn')[0]).toBeGreaterThan(zoomed[0] ?? Infinity);
	await page.keyboard.press('Shift+Z');
	await page.keyboard.press('Shift+Z');
	await expect(page).not.toHaveURL(/gfn=/);
	await page.keyboard.press('+');
	await page.keyboard.press('+');
	await expect(page).toHaveURL(/time=/);
	const [from = 0, to = 0] = rangeOf(page, 'time');
	expect(from < 96e9 && 96e9 < to).toBe(true);
	await page.keyboard.press('d');
	await expect.poll(() => rangeOf(page, 'time')[0]).toBeGreaterThan(from);
	await expect(tip(page)).toBeVisible();
});

test('a cell beyond the edge takes the window along', async ({ page }) => {
	await openSession(page, `${MEDIUM}?time=88000000000..104000000000&t=103990000000&page=0x4578`);
	await tabToLane(page);
	for (let i = 0; i < 4; i++) await page.keyboard.press('Control+ArrowRight');
	await expect.poll(() => rangeOf(page, 'time')[1]).toBeGreaterThan(104e9);
	await expect(tip(page)).toBeVisible();
});

test('after a click in a lane the arrows go from event to event; so they do after Escape', async ({
	page
}) => {
	await openSession(page);
	await mainLane(page).click({ position: { x: 300, y: 120 } });
	await expect(page).toHaveURL(/[?&]t=\d+/);
	await page.keyboard.press('ArrowRight');
	await expect(page).toHaveURL(/[?&]seq=\d+/);
	await openSession(page, `${MEDIUM}?seq=48211`);
	await expect(position(page)).toContainText('#48,211');
	await tabToLane(page);
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('Escape');
	await expect(tip(page)).toHaveCount(0);
	await page.keyboard.press('ArrowRight');
	await expect(position(page)).toContainText('#48,212');
	await page.keyboard.press('ArrowUp');
	await expect(tip(page)).toBeVisible();
});

test('in the overview the arrows move the window, plus and minus zoom it', async ({ page }) => {
	await openSession(page, `${MEDIUM}?time=88000000000..98000000000&seq=48211`);
	const overview = await tabTo(page, 'slider', /^Time window/);
	await expect(overview).toHaveAttribute('aria-valuetext', 'from 88.000\u202fs to 98.000\u202fs');
	await page.keyboard.press('ArrowRight');
	await expect(page).toHaveURL(/time=89000000000\.\.99000000000/);
	await page.keyboard.press('PageDown');
	await expect(page).toHaveURL(/time=79000000000\.\.89000000000/);
	await page.keyboard.press('+');
	await expect(page).toHaveURL(/time=81500000000\.\.86500000000/);
	await expect(page).toHaveURL(/seq=48211/);
	await page.mouse.click(600, 90);
	await page.keyboard.press('ArrowRight');
	await expect(page).toHaveURL(/seq=48212/);
});

test('the page grid is walked with arrows, and Enter picks', async ({ page }) => {
	await openSession(page, `${MEDIUM}?t=96000000000`);
	await tabTo(page, 'application', /^Pages of slot/);
	const hint = page.locator('.hint[aria-live=polite]');
	const at = async () => Number(/\[(0x[0-9a-f]+)/.exec(await hint.innerText())?.[1]);
	const first = await at();
	await page.keyboard.press('ArrowRight');
	await expect.poll(at).toBeGreaterThan(first);
	const second = await at();
	await page.keyboard.press('ArrowDown');
	await expect.poll(at).toBeGreaterThan(second);
	const third = await at();
	await page.keyboard.press('Enter');
	await expect.poll(() => Number(params(page).get('page'))).toBe(third);
	await page.keyboard.press('ArrowUp');
	await expect.poll(at).toBe(second);
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });
		test('axe finds nothing on a cell cursor and on the list of keys', async ({ page }) => {
			await openSession(page);
			await tabToLane(page);
			await expect(tip(page)).toBeVisible();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			await page.keyboard.press('?');
			await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});
	});

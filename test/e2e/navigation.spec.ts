import { expect, type Page, test } from '@playwright/test';
import type { StateView } from '#lib/api/types.ts';
import { API, api, MEDIUM, openSession, position } from './helpers.ts';

const search = (page: Page) => new URL(page.url()).searchParams;
const windowOf = (page: Page) => (search(page).get('time') ?? '').split('..').map(Number);
const dialog = (page: Page) => page.getByRole('dialog', { name: /^Go to/ });

/** Opens the dialog by its key, types and submits. */
async function goTo(page: Page, key: 'g' | 't', text: string) {
	await page.keyboard.press(key);
	await page.keyboard.type(text);
	await page.keyboard.press('Enter');
}

test('a link keeps its window though the cursor is outside; the next step takes the window along', async ({
	page
}) => {
	const query = 'time=10000000000..20000000000&seq=30000';
	const { tsNs } = await api<StateView>(page, `${API}/state?seq=30001`);
	expect(tsNs).toBeLessThan(10_000_000_000);
	await openSession(page, `${MEDIUM}?${query}`);
	await expect(position(page)).toContainText('#30,000');
	await page.waitForTimeout(400);
	expect(new URL(page.url()).search).toBe(`?${query}`);
	await page.keyboard.press('ArrowRight');
	await expect(position(page)).toContainText('#30,001');
	await expect.poll(() => windowOf(page)[0]).toBeLessThanOrEqual(tsNs);
	const [from = 0, to = 0] = windowOf(page);
	expect(to - from).toBe(10_000_000_000);
});

test('going to a time outside the window takes the window along, in one step of the history', async ({
	page
}) => {
	await openSession(page, `${MEDIUM}?time=10000000000..20000000000&t=12000000000`);
	await goTo(page, 't', '50s');
	await expect(page).toHaveURL(/[?&]t=50000000000/);
	const [from = 0, to = 0] = windowOf(page);
	expect(from <= 50e9 && 50e9 < to && to - from === 10e9).toBe(true);
	await page.goBack();
	await expect(page).toHaveURL(/time=10000000000\.\.20000000000&t=12000000000/);
});

test('the dialog says where a number leads before it is submitted', async ({ page }) => {
	await openSession(page);
	await page.keyboard.press('t');
	await expect(dialog(page)).toContainText('without one, 12 is 12 ns and 12.5 is 12.5 s');
	await page.keyboard.type('12');
	await expect(dialog(page)).toContainText('A whole number counts ns: write 12s for seconds.');
	await page.keyboard.type('.5');
	await expect(dialog(page)).toContainText('To 12.500\u202f000\u202f000\u202fs.');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/[?&]t=12500000000(&|$)/);
	await page.keyboard.press('t');
	await page.keyboard.type('noon');
	await page.keyboard.press('Enter');
	await expect(dialog(page).getByRole('alert')).toContainText('Write a time like 12.5s');
});

test('a page that its lane is zoomed away from is brought into view', async ({ page }) => {
	await openSession(page, `${MEDIUM}?gfn=3:0x6000..0x7000`);
	await goTo(page, 'g', '0x4578');
	await expect(page).toHaveURL(/page=0x4578/);
	const [from = 0, to = 0] = (search(page).get('gfn') ?? '')
		.split(/:|\.\./)
		.slice(1)
		.map(Number);
	expect(from <= 0x4578 && 0x4578 < to && to - from === 0x1000).toBe(true);
	await expect(page.locator('figure[data-lane="3"] .plot .page')).toBeVisible();
});

test('a page of a lane that is closed as quiet opens the lane', async ({ page }) => {
	await openSession(page);
	const quiet = page.locator('.quiet button').first();
	const gfn = /0x[0-9a-f]+/.exec(await quiet.innerText())?.[0] ?? '';
	await goTo(page, 'g', gfn);
	await expect(page).toHaveURL(/turned=\d/);
	const mark = page.locator('.plot .page');
	await expect(mark).toHaveCount(1);
	await expect(mark).toBeInViewport();
	await expect(page.getByRole('tab', { name: 'Page' })).toHaveAttribute('aria-selected', 'true');
});

test('the named views take the focus and all keys', async ({ page }) => {
	await openSession(page);
	await page.getByRole('button', { name: 'Views', exact: true }).click();
	const field = page.getByRole('dialog', { name: 'Named views' }).getByLabel('Save this view as');
	await expect(field).toBeFocused();
	await page.keyboard.type('top g/?');
	await expect(field).toHaveValue('top g/?');
	await expect(dialog(page)).toBeHidden();
	await page.evaluate(() => (document.activeElement as HTMLElement).blur());
	await page.keyboard.press('t');
	await expect(dialog(page)).toBeHidden();
	await page.keyboard.press('Escape');
	await page.keyboard.press('t');
	await expect(dialog(page)).toBeVisible();
});

test('labels of the time axes never touch, however far zoomed in', async ({ page }) => {
	await page.setViewportSize({ width: 1024, height: 768 });
	for (const window of ['98518310170..98518310240', '98518310170..98518315170', '98518310170..98528310170']) {
		await openSession(page, `${MEDIUM}?time=${window}`);
		const boxes = await page.locator('svg.axis text').evaluateAll((texts) =>
			texts.map((text) => {
				const { left, right } = text.getBoundingClientRect();
				return { left, right };
			})
		);
		expect(boxes.length).toBeGreaterThan(1);
		boxes.slice(1).forEach(({ left }, i) => expect(left).toBeGreaterThan((boxes[i]?.right ?? 0) + 2));
	}
});

test('the overview says that its heights go by the square root', async ({ page }) => {
	await openSession(page);
	await expect(page.getByLabel(/Events of the whole session/)).toContainText('√ scale');
});

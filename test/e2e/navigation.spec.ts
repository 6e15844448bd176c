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

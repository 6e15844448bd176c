import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { API, api, open } from './helpers.ts';

/** Opens the page at an operation and gives its box. */
async function openOperation(page: Page, id: string) {
	await open(page, `/api#${id}`);
	const box = page.locator(`#${id}`);
	await expect(box.getByRole('heading', { name: 'Try it' })).toBeVisible();
	return box;
}

test('every operation of the document is on the page, and the sessions page leads there', async ({
	page
}) => {
	await open(page, '/');
	await page.getByRole('link', { name: 'API', exact: true }).click();
	await expect(page).toHaveURL(/\/api$/);
	const { paths } = await api<{ paths: Record<string, object> }>(page, '/api/v1/openapi.json');
	const count = Object.values(paths).reduce((n, item) => n + Object.keys(item).length, 0);
	await expect(page.locator('main details')).toHaveCount(count);
	expect(
		await page.locator('main details').evaluateAll((all) => new Set(all.map((each) => each.id)).size)
	).toBe(count);
});

test('a read is sent with the session that is offered, and shows what the API answers', async ({ page }) => {
	const box = await openOperation(page, 'get-sessions-id-events-count');
	await box.getByLabel('id *').fill('medium-phases-2vcpu');
	await box.getByLabel('kinds', { exact: true }).fill('write');
	await expect(box.locator('code').filter({ hasText: /^curl/ })).toHaveText(
		/^curl 'http:\/\/127\.0\.0\.1:\d+\/api\/v1\/sessions\/medium-phases-2vcpu\/events\/count\?kinds=write'$/
	);
	await box.getByLabel('kinds', { exact: true }).press('Enter');
	const { count } = await api<{ count: number }>(page, `${API}/events/count?kinds=write`);
	await expect(box.getByLabel('Body', { exact: true })).toHaveText(JSON.stringify({ count }, null, 2));
	await expect(box.getByRole('status')).toContainText('200');
});

test('a wrong parameter shows the problem document', async ({ page }) => {
	const box = await openOperation(page, 'get-sessions-id-state');
	await box.getByLabel('seq', { exact: true }).fill('minus one');
	await box.getByRole('button', { name: 'Send GET' }).click();
	await expect(box.getByRole('status')).toContainText('400');
	await expect(box.getByLabel('Body', { exact: true })).toContainText('must be a whole number');
	await box.getByText(/^Headers/).click();
	await expect(box.getByRole('definition').filter({ hasText: 'application/problem+json' })).toBeVisible();
});

test('a long stream of lines is cut off', async ({ page }) => {
	const box = await openOperation(page, 'get-sessions-id-events-ndjson');
	await box.getByLabel('id *').fill('medium-phases-2vcpu');
	await box.getByRole('button', { name: 'Send GET' }).click();
	await expect(box.getByRole('status')).toContainText('cut off after 50 lines');
	const text = (await box.getByLabel('Body', { exact: true }).textContent()) ?? '';
	expect(text.trimEnd().split('\n')).toHaveLength(50);
});

test('a stream that waits is stopped by a button', async ({ page }) => {
	const made = await page.request.post('/api/v1/sessions?name=waits&live=1', { data: {} });
	expect(made.status()).toBe(201);
	const box = await openOperation(page, 'get-sessions-id-live');
	await box.getByLabel('id *').fill('waits');
	await box.getByRole('button', { name: 'Send GET' }).click();
	await expect(box.getByLabel('Body', { exact: true })).toContainText('event: commit');
	await expect(box.getByRole('status')).toContainText('reading');
	await box.getByRole('button', { name: 'Stop' }).click();
	await expect(box.getByRole('status')).toContainText('stopped by you');
	await page.request.delete('/api/v1/sessions/waits?now=1');
});

test('bytes are told by their number and their head', async ({ page }) => {
	const box = await openOperation(page, 'get-sessions-id-heatmap');
	await box.getByLabel('id *').fill('medium-phases-2vcpu');
	await box.getByLabel('lane', { exact: true }).fill('0');
	await box.getByLabel('format', { exact: true }).selectOption('grid');
	await box.getByRole('button', { name: 'Send GET' }).click();
	const bytes = (await (await page.request.get(`${API}/heatmap?lane=0&format=grid`)).body()).length;
	await expect(box.getByText(`${bytes.toLocaleString('en-US')} bytes`)).toBeVisible();
	await expect(box.getByLabel('Body', { exact: true })).toContainText('00000000  50 54 48 47');
});

test('what changes the store waits for the button, and works with its example body', async ({ page }) => {
	const made = await page.request.post('/api/v1/sessions?name=to-change&live=1', { data: {} });
	expect(made.status()).toBe(201);
	const box = await openOperation(page, 'patch-sessions-id');
	await box.getByLabel('id *').fill('to-change');
	await box.getByLabel(/^Body application/).fill('{"name": "it\'s changed"}');
	await box.getByLabel('id *').press('Enter');
	await expect(box.locator('code').filter({ hasText: /^curl/ })).toContainText(`it'\\''s changed`);
	expect((await api<{ name: string }>(page, '/api/v1/sessions/to-change')).name).toBe('to-change');
	await box.getByRole('button', { name: 'Send PATCH' }).click();
	await expect(box.getByRole('status')).toContainText('200');
	expect((await api<{ name: string }>(page, '/api/v1/sessions/to-change')).name).toBe("it's changed");
	await page.request.delete('/api/v1/sessions/to-change?now=1');
});

test('no request leaves the machine, and a phone shows all of it', async ({ page }) => {
	const foreign: string[] = [];
	page.on('request', (request) => {
		if (new URL(request.url()).hostname !== '127.0.0.1') foreign.push(request.url());
	});
	await page.setViewportSize({ width: 390, height: 844 });
	const box = await openOperation(page, 'get-sessions-id-heatmap');
	await box.getByRole('button', { name: 'Send GET' }).click();
	await expect(box.getByRole('status')).toBeVisible();
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
	expect(foreign).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });

		test('axe finds nothing, with an answer and a body on the screen', async ({ page }) => {
			const box = await openOperation(page, 'get-sessions-id-timeline');
			await box.getByRole('button', { name: 'Send GET' }).click();
			await expect(box.getByRole('status')).toContainText('200');
			await page.locator('#delete-sessions-id > summary').click();
			await page.locator('#post-sessions-id-notes > summary').click();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});
	});

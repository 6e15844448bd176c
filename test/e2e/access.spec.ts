import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { MEDIUM, open, openSession } from './helpers.ts';

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });

		test('axe finds nothing on the sessions page', async ({ page }) => {
			await open(page, '/');
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});

		for (const tab of ['state', 'event', 'page'])
			test(`axe finds nothing on the session page, ${tab} panel`, async ({ page }) => {
				await openSession(page, `${MEDIUM}?tab=${tab}&page=0x4578`);
				await page.waitForTimeout(400);
				expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			});
	});

test('the theme switch stays chosen after a reload', async ({ page }) => {
	await open(page, '/');
	await page.getByRole('button', { name: 'Use the dark theme' }).click();
	await page.reload();
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('no request leaves the machine', async ({ page }) => {
	const foreign: string[] = [];
	page.on('request', (request) => {
		if (new URL(request.url()).hostname !== '127.0.0.1') foreign.push(request.url());
	});
	await openSession(page);
	expect(foreign).toEqual([]);
});

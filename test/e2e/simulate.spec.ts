import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { open } from './helpers.ts';

test('the start form describes each workload and tells errors at their field', async ({ page }) => {
	await open(page, '/');
	await page.getByRole('button', { name: 'Simulate a host' }).first().click();
	const dialog = page.getByRole('dialog', { name: 'Simulate a host' });
	await dialog.getByRole('radio', { name: /^unpacker/ }).check();
	await expect(dialog.getByText('The heat map shows')).toBeVisible();
	await dialog.getByLabel('Events', { exact: true }).fill('7');
	await dialog.getByRole('button', { name: 'Start' }).click();
	const events = dialog.getByLabel('Events', { exact: true });
	await expect(events).toBeFocused();
	await expect(events).toHaveAccessibleDescription('A whole number, 100 to 1,000,000,000.');
	expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('all workloads are in sight on a usual screen', async ({ page }) => {
	await open(page, '/');
	await page.getByRole('button', { name: 'Simulate a host' }).first().click();
	const dialog = page.getByRole('dialog', { name: 'Simulate a host' });
	await expect(dialog.getByRole('radio').last()).toBeInViewport();
	await expect(dialog.getByRole('button', { name: 'Start' })).toBeInViewport();
	expect(await dialog.locator('fieldset').evaluate((box) => box.scrollHeight - box.clientHeight)).toBe(0);
});

test('starting a workload opens its session', async ({ page }) => {
	await open(page, '/');
	await page.getByRole('button', { name: 'Simulate a host' }).first().click();
	const dialog = page.getByRole('dialog', { name: 'Simulate a host' });
	await dialog.getByRole('radio', { name: /^retry-storm/ }).check();
	await dialog.getByLabel('Events', { exact: true }).fill('2,000');
	await dialog.getByLabel('Name').fill('storm from the form');
	await dialog.getByRole('button', { name: 'Start' }).click();
	await expect(page.getByRole('heading', { name: /storm from the form/ })).toBeVisible();
	await expect(page.locator('header').getByText('simulated-host')).toBeVisible();
});

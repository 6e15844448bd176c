import { expect, test } from '@playwright/test';
import { open } from './helpers.ts';

const TRACE = [
	'{"t":0,"k":"session","version":1,"source":"by hand","vcpus":1}',
	'{"t":1,"k":"create_slot","id":0,"a":"0x0","npages":16,"flags":0,"name":"ram"}',
	'{"t":2,"c":0,"k":"write","a":"0x1008","n":8,"ip":"0x10"}',
	'{"t":3,"c":0,"k":"sneeze"}',
	'{"t":4,"k":"end"}'
].join('\n');
const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });

test('lists both captures, and the search narrows the list', async ({ page }) => {
	await open(page, '/');
	await expect(page.getByRole('link', { name: 'medium-phases-2vcpu' })).toBeVisible();
	await page.getByRole('searchbox').fill('small');
	await expect(page.getByRole('link', { name: 'medium-phases-2vcpu' })).toHaveCount(0);
	await expect(page.getByRole('link', { name: 'small-kernel-image-1vcpu' })).toBeVisible();
});

test('loads a file, shows the rejected line, and deletes the session again', async ({ page }) => {
	await open(page, '/');
	await page.locator('input[type=file]').setInputFiles(file('by-hand.ndjson', TRACE));
	await expect(page.getByText('4 events from 5 lines')).toBeVisible();
	await page.getByText('rejected: 1 × unknown-kind').click();
	await expect(page.getByText(/line 4 \(byte \d+\)/)).toBeVisible();
	await page.getByRole('button', { name: 'Delete by-hand' }).click();
	await expect(page.locator('[data-session=by-hand]')).toHaveCount(0);
});

test('a file that holds no trace is refused with the reason', async ({ page }) => {
	await open(page, '/');
	await page.locator('input[type=file]').setInputFiles(file('poem.txt', 'roses are red\nviolets are blue\n'));
	await expect(page.getByRole('alert').filter({ hasText: 'poem' })).toContainText('no event');
});

test('a dropped file is loaded', async ({ page }) => {
	await open(page, '/');
	const transfer = await page.evaluateHandle(
		(text) => {
			const data = new DataTransfer();
			data.items.add(new File([text], 'dropped.ndjson'));
			return data;
		},
		TRACE.replace('by hand', 'dropped')
	);
	await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
	await expect(page.getByText('4 events from 5 lines')).toBeVisible();
	await expect(page.getByRole('link', { name: 'dropped' }).first()).toBeVisible();
});

test('what a trace says is text, never markup', async ({ page }) => {
	await open(page, '/');
	const evil = TRACE.replace('"ram"', '"<img src=x onerror=window.hit=1>"').replace('by hand', '<b>bold</b>');
	await page.locator('input[type=file]').setInputFiles(file('evil.ndjson', evil));
	await page.getByRole('link', { name: 'evil', exact: true }).first().click();
	await expect(page.getByText('<img src=x onerror=window.hit=1>').first()).toBeVisible();
	expect(await page.evaluate(() => 'hit' in window)).toBe(false);
	await expect(page.locator('b', { hasText: /^bold$/ })).toHaveCount(0);
});

test('an unknown session is a page that says so', async ({ page }) => {
	await open(page, '/sessions/nobody');
	await expect(page.getByRole('heading', { name: 'Nothing is here' })).toBeVisible();
});

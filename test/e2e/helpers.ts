import { expect, type Page } from '@playwright/test';

export const MEDIUM = '/sessions/medium-phases-2vcpu';
export const API = '/api/v1/sessions/medium-phases-2vcpu';

/** Opens a page and waits until its handlers are attached. */
export async function open(page: Page, path: string): Promise<void> {
	await page.goto(path);
	await page.waitForSelector('html[data-ready]');
}

/** Opens a session page and waits for the first heat map. */
export async function openSession(page: Page, path = MEDIUM): Promise<void> {
	await open(page, path);
	await expect(page.locator('canvas[data-grid=ready]').first()).toBeVisible();
}

/** What the API answers. */
export async function api<T>(page: Page, path: string): Promise<T> {
	const response = await page.request.get(path);
	expect(response.ok()).toBe(true);
	return (await response.json()) as T;
}

/** The heat map of the largest lane. */
export const mainLane = (page: Page) => page.locator('figure[data-lane] .plot').first();

/** The tracking state's heading: `#seq` and time. */
export const position = (page: Page) => page.getByLabel('Tracking state at the cursor').getByRole('status');

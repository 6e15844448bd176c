import { expect, test } from '@playwright/test';
import type { StateDiff, WhyTracked } from '#lib/api/tracking-types.ts';
import { api, openSession } from './helpers.ts';

let session = '';
let events = 0;
test.beforeAll(async ({ request }) => {
	const made = await request.post('/api/v1/simulations', {
		data: { workload: 'introspection', seed: 5, events: 20_000, name: `tracked ${Date.now()}` }
	});
	expect(made.ok()).toBe(true);
	const { session: info } = (await made.json()) as { session: { id: string; events: number } };
	session = info.id;
	events = info.events;
});

test('a pinned position shows what came to be tracked since, as the API says', async ({ page }) => {
	await openSession(page, `/sessions/${session}?seq=0`);
	await page.getByRole('button', { name: 'Pin this position' }).click();
	await page.keyboard.press('End');
	const diff = await api<StateDiff>(page, `/api/v1/sessions/${session}/state/diff?from=0&to=${events}`);
	const gained = diff.slots.find((slot) => slot.gained.prewrite > 0)?.gained.prewrite ?? 0;
	expect(gained).toBeGreaterThan(0);
	const panel = page.getByLabel('Difference to the pinned position');
	await expect(panel).toContainText(`prewrite +${gained.toLocaleString('en-US')}`);
	await panel.getByRole('button', { name: 'Unpin' }).click();
	await expect(panel).toHaveCount(0);
});

test('a tracked page says who asked for it', async ({ page }) => {
	const why = await api<WhyTracked>(page, `/api/v1/sessions/${session}/pages/0x1000/why?seq=${events}`);
	const mode = why.slots[0]?.modes[0];
	expect(mode?.count).toBeGreaterThan(0);
	await openSession(page, `/sessions/${session}?seq=${events}&page=0x1000&tab=page`);
	const panel = page.getByRole('tabpanel');
	await expect(panel).toContainText('by introspection-agent');
	await expect(panel).toContainText(`#${mode?.adds[0]?.seq.toLocaleString('en-US')}`);
});

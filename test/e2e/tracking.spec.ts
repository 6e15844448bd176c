import { expect, test } from '@playwright/test';
import type { HotPages } from '#lib/api/analyses-types.ts';
import type { StateDiff, WhyTracked } from '#lib/api/tracking-types.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { API, api, MEDIUM, openSession } from './helpers.ts';

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

test('the difference to a pin leads to its pages, and all of its runs can be seen', async ({ page }) => {
	await openSession(page, `/sessions/${session}?seq=${events}&pin=0`);
	const panel = page.getByLabel('Difference to the pinned position');
	await expect(panel.locator('tbody tr')).toHaveCount(12);
	await panel.getByRole('button', { name: /more run/ }).click();
	await expect.poll(() => panel.locator('tbody tr').count()).toBeGreaterThan(12);
	await panel.locator('tbody button').first().click();
	await expect(page.getByRole('tab', { name: 'Page' })).toHaveAttribute('aria-selected', 'true');
});

test('a page that a policy arms says since when, and since which notification it is silent', async ({
	page
}) => {
	const why = await api<WhyTracked>(page, `${API}/pages/0x4578/why?seq=460400`);
	const [slot] = why.armed?.slots ?? [];
	const silent = slot?.modes.find((mode) => mode.silencedBy);
	expect(silent?.silencedBy).toBeTruthy();
	await openSession(page, `${MEDIUM}?seq=460400&page=0x4578&tab=page`);
	const panel = page.getByRole('tabpanel');
	await expect(panel).toContainText(`armed it in all modes at epoch ${why.armed?.epoch?.epoch}`);
	await expect(panel.getByLabel('Modes that the policy arms')).toContainText(
		`${silent?.mode} notified at #${silent?.silencedBy?.seq.toLocaleString('en-US')}, silent since`
	);
});

test('a page’s events are those around the cursor', async ({ page }) => {
	interface Events {
		readonly events: readonly { readonly seq: number }[];
	}
	const hot = await api<HotPages>(page, `${API}/analyses/hot-pages?limit=1`);
	const [hottest] = hot.items;
	if (!hottest) throw new Error('no pages');
	const { gfn } = hottest;
	const middle = Math.floor((hottest.firstSeq + hottest.lastSeq) / 2);
	const around = await Promise.all([
		api<Events>(
			page,
			`${API}/events?gfn=${gfn}&kinds=${MODES.join(',')}&from=${middle - 1}&order=desc&limit=100`
		),
		api<Events>(page, `${API}/events?gfn=${gfn}&kinds=${MODES.join(',')}&from=${middle}&limit=100`)
	]);
	const wanted = [...around[0].events.toReversed(), ...around[1].events].map(({ seq }) => seq);
	expect(wanted).toHaveLength(200);
	await openSession(page, `${MEDIUM}?seq=${middle}&page=${gfn}&tab=page`);
	const list = page.getByRole('list', { name: 'Its events around the cursor' });
	await expect(list.getByRole('button')).toHaveCount(200);
	const numbers = await list.getByRole('button').allTextContents();
	expect(numbers.map((text) => Number(text.replace(/\D/g, '')))).toEqual(wanted);
	// a click inside moves the cursor, not the list
	await list.getByRole('button').nth(120).click();
	await expect(list.locator('li.current')).toHaveCount(1);
	expect(await list.getByRole('button').allTextContents()).toEqual(numbers);
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

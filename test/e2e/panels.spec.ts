import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { open, position } from './helpers.ts';

/** A small session whose events have everything that the panels explain. */
const TRACE = [
	'{"t":0,"k":"session","version":1,"source":"by hand","vcpus":1,"vendor":"intel","vendor_assumed":true,"fault_code":"ept","generation":"rfc-v4"}',
	'{"t":1000,"k":"register","node":2,"name":"introspector"}',
	'{"t":2000,"k":"create_slot","id":0,"a":"0x100000","npages":16,"flags":0,"name":"ram","ua":"0x7f0000000000"}',
	'{"t":3000,"k":"track_add","mode":"write","g":"0x101","id":0,"node":2}',
	'{"t":4000,"c":0,"k":"page_fault","a":"0x101008","error":"0x18a","ip":"0xffffffff81000010"}',
	'{"t":5000,"c":0,"k":"prewrite","a":"0x101008","n":8,"ip":"0xffffffff81000010","node":2,"verdict":false,"shade":"blue"}',
	'{"t":6000,"c":0,"k":"write","a":"0x101008","n":8,"ip":"0xffffffff81000020"}',
	'{"t":7000,"k":"spte_protect","g":"0x101","protect":"write","level":1,"spte":"0x1234d75","flush":true}',
	'{"t":8000,"k":"track_remove","mode":"write","g":"0x101","id":0,"node":2}',
	'{"t":9000,"k":"anomaly","quirk":"Q20","g":"0x101"}',
	'{"t":9500,"k":"end"}'
].join('\n');

/** Loads the small session once for each test and returns its address. */
async function small(page: Page, name: string): Promise<string> {
	const answer = await page.request.post(`/api/v1/sessions?name=${name}`, {
		headers: { 'content-type': 'application/octet-stream' },
		data: TRACE.replace('by hand', name)
	});
	const { session } = (await answer.json()) as { session: { id: string } };
	return `/sessions/${session.id}`;
}
const panel = (page: Page) => page.getByRole('tabpanel');
const fields = (page: Page) => page.getByLabel('Fields of the event');

test('the event panel says every bit of an error code, and what the session assumes', async ({ page }) => {
	await open(page, `${await small(page, 'panel-fault')}?seq=4&tab=event`);
	await expect(fields(page)).toContainText('assumed: the trace does not name the vendor');
	await expect(fields(page)).toContainText('the access was a write');
	await expect(fields(page)).toContainText('the entry allowed no writes');
	// where the host finds the byte: the slot's address + one page + 8
	await expect(fields(page).getByRole('button', { name: '0x7f0000001008' })).toBeVisible();
});

test('buttons go from event to event: verdict, unknown fields, entry bits, quirk', async ({
	page,
	context
}) => {
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	await open(page, `${await small(page, 'panel-steps')}?seq=5&tab=event`);
	await expect(fields(page)).toContainText('2 (introspector)');
	await expect(fields(page)).toContainText('a notifier refused: nothing is written');
	await expect(panel(page).getByLabel(/1 more field/)).toContainText('blue');
	await fields(page).getByRole('button', { name: '0xffffffff81000010' }).click();
	expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('0xffffffff81000010');
	const next = panel(page).getByRole('button', { name: 'next' });
	await next.click();
	await expect(panel(page).getByRole('heading', { name: 'write' })).toBeVisible();
	await next.click();
	await expect(fields(page)).toContainText('a write fault may give W back without the MMU lock');
	await next.click();
	await next.click();
	await expect(fields(page)).toContainText('Q20: A refused access is repeated without end');
	await panel(page).getByRole('button', { name: 'previous' }).click();
	await expect(panel(page).getByRole('heading', { name: 'track_remove' })).toBeVisible();
});

test('the page panel says who tracked the page and when, who touches it next, and the verdicts', async ({
	page
}) => {
	await open(page, `${await small(page, 'panel-page')}?seq=6&page=0x101&tab=page`);
	const intervals = panel(page).getByLabel('When it was tracked, and by whom');
	await expect(intervals).toContainText(/write #3 by introspector – #8 by introspector/);
	await expect(panel(page)).toContainText('1 refused');
	const around = panel(page).getByLabel('Who touches the page around the cursor');
	await expect(around).toContainText(/touched before by #5 prewrite/);
	await expect(around).toContainText('nobody any more');
	await around.getByRole('button', { name: '#5' }).first().click();
	await expect(around).toContainText(/touched next by #6 write 0xffffffff81000020/);
	await expect(panel(page).getByRole('button', { name: 'write tracked from 3' })).toBeVisible();
	await panel(page).getByRole('button', { name: '1 refused' }).click();
	await expect(page.getByText('1 match', { exact: true })).toBeVisible();
});

test('the state says which side of the event it is of, and shows the other', async ({ page }) => {
	await open(page, `${await small(page, 'panel-sides')}?seq=3`);
	const sides = page.getByRole('group', { name: 'Which side of the event' });
	await expect(sides.getByRole('button', { name: 'before' })).toHaveAttribute('aria-pressed', 'true');
	await expect(position(page)).toContainText('#3');
	// without a track event so far nothing is known of counters: that is no zero
	await expect(panel(page)).toContainText('tracked pages × modes unknown');
	await sides.getByRole('button', { name: 'after' }).click();
	await expect(panel(page)).toContainText('tracked pages × modes 1');
	await expect(position(page)).toContainText('#3');
	await page.keyboard.press('ArrowRight');
	await expect(position(page)).toContainText('#4');
	await page.keyboard.press('End');
	await expect(sides).toHaveCount(0);
	await expect(panel(page)).toContainText('at the end');
});

test('an access says whether its page is tracked in its mode', async ({ page }) => {
	await open(page, `${await small(page, 'panel-words')}?seq=5&tab=event`);
	await expect(panel(page)).toContainText('is about to write to a page that is not tracked in this mode');
	await panel(page).getByRole('button', { name: 'next' }).click();
	await expect(panel(page)).toContainText('The guest wrote to a page that is tracked in this mode.');
});

test('axe finds nothing on a session without memslots', async ({ page }) => {
	const answer = await page.request.post('/api/v1/sessions?name=no-slots', {
		headers: { 'content-type': 'application/octet-stream' },
		data: TRACE.replace('by hand', 'no-slots').split('\n').toSpliced(2, 1).join('\n')
	});
	const { session } = (await answer.json()) as { session: { id: string } };
	await open(page, `/sessions/${session.id}?seq=4`);
	await expect(panel(page)).toContainText('No memslot exists at this moment');
	expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });

		test('axe finds nothing on an explained fault', async ({ page }) => {
			await open(page, `${await small(page, `panel-axe-${colorScheme}`)}?seq=4&tab=event`);
			await expect(fields(page)).toContainText('writable');
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			await page.getByRole('button', { name: 'This page' }).click();
			await expect(panel(page)).toContainText('by introspector');
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});
	});

test('a session says which kernel it comes from, and what that cannot tell', async ({ page }) => {
	await open(page, await small(page, 'panel-kernel'));
	await page.getByRole('button', { name: 'kernel rfc-v4' }).click();
	const dialog = page.getByRole('dialog');
	await expect(dialog).toContainText('It cannot tell:');
	await expect(dialog).toContainText('The virtual address of an access');
	expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
	await dialog.getByRole('button', { name: 'Close' }).click();
	await expect(dialog).toHaveCount(0);
});

test('the overview goes out as a picture of the window’s events', async ({ page }) => {
	await open(page, await small(page, 'panel-overview'));
	await page.getByRole('button', { name: 'Picture of the events in this window' }).click();
	const saved = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Picture as SVG' }).click();
	const svg = await readFile(await (await saved).path(), 'utf8');
	expect(svg).toContain('events by kind');
	// prewrite and write, once each
	expect(svg).toContain('>prewrite (1)<');
	expect(svg).toContain('>write (1)<');
});

test('at 1024 pixels the memslots’ table shows all modes', async ({ page }) => {
	await page.setViewportSize({ width: 1024, height: 768 });
	await open(page, await small(page, 'panel-narrow'));
	const box = await panel(page).boundingBox();
	const last = await panel(page).getByRole('columnheader', { name: 'preexec' }).boundingBox();
	if (!box || !last) throw new Error('no table');
	expect(last.x + last.width).toBeLessThanOrEqual(box.x + box.width);
});

test('on a phone nothing is wider than the screen', async ({ page }) => {
	await page.setViewportSize({ width: 390, height: 844 });
	await open(page, `${await small(page, 'panel-phone')}?seq=5&page=0x101&tab=page`);
	await expect(panel(page)).toContainText('by introspector');
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

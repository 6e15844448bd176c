import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page, test } from '@playwright/test';
import type { SessionDetail, SessionList } from '#lib/api/types.ts';
import { api, open } from './helpers.ts';

/** A small trace; `source` makes its content, and so its session, its own. */
const trace = (source: string) =>
	[
		`{"t":0,"k":"session","version":1,"source":"${source}","vcpus":1}`,
		'{"t":1,"k":"create_slot","id":0,"a":"0x0","npages":16,"flags":0,"name":"ram"}',
		'{"t":2,"c":0,"k":"write","a":"0x1008","n":8,"ip":"0x10"}',
		'{"t":3,"c":0,"k":"sneeze"}',
		'{"t":4,"k":"end"}'
	].join('\n');
const file = (name: string) => ({
	name: `${name}.ndjson`,
	mimeType: 'text/plain',
	buffer: Buffer.from(trace(name))
});
/** Loads a trace behind the page's back. */
async function load(page: Page, name: string): Promise<void> {
	const answer = await page.request.post(`/api/v1/sessions?name=${name}`, {
		headers: { 'content-type': 'application/octet-stream' },
		data: Buffer.from(trace(name))
	});
	expect(answer.status()).toBe(201);
}
const card = (page: Page, id: string): Locator => page.locator(`[data-session="${id}"]`);

test('a session loaded elsewhere appears by itself, and goes when it is deleted there', async ({ page }) => {
	await open(page, '/');
	await expect(card(page, 'from-elsewhere')).toHaveCount(0);
	await load(page, 'from-elsewhere');
	await expect(card(page, 'from-elsewhere')).toBeVisible();
	await page.request.delete('/api/v1/sessions/from-elsewhere?now=1');
	await expect(card(page, 'from-elsewhere')).toHaveCount(0);
});

test('a live session’s event count follows it', async ({ page }) => {
	await page.request.post('/api/v1/sessions?name=growing&live=1', { data: {} });
	await open(page, '/');
	const events = card(page, 'growing').getByRole('definition').first();
	await expect(events).toHaveText('0');
	const answer = await page.request.post('/api/v1/sessions/growing/events?expected=0', {
		headers: { 'content-type': 'application/x-ndjson' },
		data: Buffer.from(trace('growing').split('\n').slice(0, 3).join('\n') + '\n')
	});
	expect(answer.ok()).toBe(true);
	await expect(events).toHaveText('3');
	await page.request.delete('/api/v1/sessions/growing?now=1');
});

test('a quiet store is asked without reading the sessions again', async ({ page }) => {
	const statuses: number[] = [];
	page.on('response', (answer) => {
		if (new URL(answer.url()).pathname === '/api/v1/sessions') statuses.push(answer.status());
	});
	await open(page, '/');
	// other tests write now and then: some two seconds will be quiet
	await expect.poll(() => statuses.includes(304), { timeout: 50_000 }).toBe(true);
});

test('a session is renamed in place by keyboard; Escape keeps the name', async ({ page }) => {
	await load(page, 'old-name');
	await open(page, '/');
	await page.getByRole('button', { name: 'Rename old-name' }).press('Enter');
	await page.keyboard.type('dropped');
	await page.keyboard.press('Escape');
	await expect(card(page, 'old-name').getByRole('heading')).toHaveText('old-name');
	await expect(page.getByRole('button', { name: 'Rename old-name' })).toBeFocused();
	await page.keyboard.press('Enter');
	await page.keyboard.type('a <b>new</b> name');
	await page.keyboard.press('Enter');
	await expect(card(page, 'old-name').getByRole('heading')).toHaveText('a <b>new</b> name');
	await page.reload();
	await expect(card(page, 'old-name').getByRole('heading')).toHaveText('a <b>new</b> name');
	await page.request.delete('/api/v1/sessions/old-name?now=1');
});

test('tags are added, narrow the list by a click, live in the address, and come off', async ({ page }) => {
	await load(page, 'tagged');
	await open(page, '/');
	await page.getByRole('button', { name: 'Add a tag to tagged' }).click();
	await page.keyboard.type(' nightly ');
	await page.keyboard.press('Enter');
	const tag = card(page, 'tagged').getByRole('button', { name: 'nightly', exact: true });
	await tag.click();
	await expect(tag).toHaveAttribute('aria-pressed', 'true');
	await expect(page.locator('[data-session]')).toHaveCount(1);
	await expect(page).toHaveURL(/\?tag=nightly$/);
	await page.reload();
	await page.waitForSelector('html[data-ready]');
	await expect(page.locator('[data-session]')).toHaveCount(1);
	await page.getByRole('button', { name: 'Show all' }).click();
	await expect(card(page, 'medium-phases-2vcpu')).toBeVisible();
	await page.getByRole('button', { name: 'Remove the tag nightly from tagged' }).click();
	await expect(tag).toHaveCount(0);
	await page.request.delete('/api/v1/sessions/tagged?now=1');
});

test('a deletion is undone by keyboard alone', async ({ page }) => {
	await load(page, 'doomed');
	await open(page, '/');
	await page.getByRole('button', { name: 'Delete doomed' }).press('Enter');
	await expect(card(page, 'doomed')).toHaveCount(0);
	const toast = page.getByRole('status', { name: 'Deleted sessions' });
	await expect(toast).toContainText('Deleted doomed');
	await expect(toast.getByRole('button', { name: /^Undo/ })).toBeFocused();
	expect((await page.request.get('/api/v1/sessions/doomed')).status()).toBe(404);
	await page.keyboard.press('Enter');
	await expect(card(page, 'doomed')).toBeVisible();
	await expect(card(page, 'doomed').getByRole('heading').getByRole('link')).toBeFocused();
	await expect(toast).not.toContainText('doomed');
	await page.request.delete('/api/v1/sessions/doomed?now=1');
});

test('sizes and thumbnails are the API’s', async ({ page }) => {
	await open(page, '/?q=medium-phases');
	const { sessions } = await api<SessionList>(page, '/api/v1/sessions');
	const medium = sessions.find((session) => session.id === 'medium-phases-2vcpu');
	const mebibytes = ((medium?.sizeBytes ?? 0) / 2 ** 20).toPrecision(3);
	await expect(page.getByText(/1 session of/)).toContainText(`${Number(mebibytes)}\u202fMiB in the store`);
	const picture = await api<{ total: number }>(
		page,
		'/api/v1/sessions/medium-phases-2vcpu/thumbnail?columns=208&rows=72'
	);
	await expect(page.locator('canvas[data-drawn]')).toHaveAttribute('data-drawn', String(picture.total));
	// the small capture uses a sliver of its memory: the rest is folded, so that the sliver fills the picture
	await page.getByRole('searchbox').fill('small-kernel');
	const small = page.locator('canvas[data-drawn]');
	await expect(small).toHaveCount(1);
	await expect(small).toHaveAttribute('data-breaks', /^[1-9]$/);
	const painted = await small.evaluate((canvas: HTMLCanvasElement) => {
		const { width, height } = canvas;
		const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
		const rows = Array.from({ length: height }, (_, y) =>
			Array.from({ length: width }, (_, x) => pixels[4 * (y * width + x) + 3]).some((alpha) => alpha)
		);
		return rows.filter(Boolean).length / height;
	});
	expect(painted).toBeGreaterThan(0.5);
});

test('several files are loaded one after another, each with what it found', async ({ page }) => {
	await open(page, '/');
	await page.locator('input[type=file]').setInputFiles([file('first-of-two'), file('second-of-two')]);
	await expect(page.getByText('4 events from 5 lines')).toHaveCount(2);
	await page.getByRole('button', { name: 'Dismiss what loading first-of-two.ndjson found' }).click();
	await expect(page.getByText('4 events from 5 lines')).toHaveCount(1);
	for (const name of ['first-of-two', 'second-of-two'])
		await page.request.delete(`/api/v1/sessions/${name}?now=1`);
});

test('what loading found is told on the session’s page: problems apart from skipped lines', async ({
	page
}) => {
	const defects = await readFile('test/samples/ftrace/defects.txt');
	const loaded = await page.request.post('/api/v1/sessions?name=defects', {
		headers: { 'content-type': 'application/octet-stream' },
		data: defects
	});
	expect(loaded.status()).toBe(201);
	const { diagnostics } = await api<SessionDetail>(page, '/api/v1/sessions/defects');
	const of = (severity: string) => diagnostics.filter((each) => each.severity === severity);
	const lines = (severity: string) => of(severity).reduce((n, each) => n + each.count, 0);
	expect(of('skipped').length * of('rejected').length).toBeGreaterThan(0);

	await open(page, '/sessions/defects');
	await page.getByRole('button', { name: `${lines('rejected')} rejected line` }).click();
	const dialog = page.getByRole('dialog', { name: 'What loading found' });
	const [worst] = of('rejected').toSorted((x, y) => y.count - x.count);
	const [quoted] = worst?.first ?? [];
	await expect(dialog.locator('li').first()).toContainText(`line ${quoted?.line} (byte`);
	await expect(dialog.locator('li code').first()).toHaveText(quoted?.text ?? '');

	const [header] = of('skipped');
	const skipped = dialog.getByText(`skipped: ${header?.count} × ${header?.reason}`);
	await expect(skipped).toBeHidden();
	await dialog.getByText(`${lines('skipped')} lines without an event`).click();
	await expect(skipped).toBeVisible();

	await dialog.getByLabel('Severity').selectOption('skipped');
	await expect(dialog.locator('summary.rejected')).toHaveCount(0);
	await dialog.getByLabel('Severity').selectOption('');
	await dialog.getByLabel('Code or message').fill(worst?.reason ?? '');
	await expect(dialog.locator('summary.rejected')).toHaveCount(1);
	await page.request.delete('/api/v1/sessions/defects?now=1');
});

for (const [width, height] of [
	[1440, 900],
	[1024, 768],
	[390, 844]
] as const)
	test(`nothing is wider than the page at ${width} pixels`, async ({ page }) => {
		await page.setViewportSize({ width, height });
		await open(page, '/');
		await expect(card(page, 'medium-phases-2vcpu')).toBeVisible();
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
	});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });

		test('axe finds nothing with tags, a name field, a toast and diagnostics open', async ({ page }) => {
			const [kept, gone] = [`tagged-in-${colorScheme}`, `gone-in-${colorScheme}`];
			await load(page, gone);
			await open(page, '/');
			await page.locator('input[type=file]').setInputFiles(file(kept));
			await page.getByText('rejected: 1 × unknown-kind').click();
			await page.request.patch(`/api/v1/sessions/${kept}`, { data: { tags: ['one', 'two'] } });
			await card(page, kept).getByRole('button', { name: 'one', exact: true }).click();
			await page.getByRole('button', { name: 'Show all' }).click();
			await page.getByRole('button', { name: `Delete ${gone}`, exact: true }).click();
			await expect(page.getByText(`Deleted ${gone}`)).toBeVisible();
			await page.getByRole('button', { name: `Rename ${kept}`, exact: true }).click();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			await page.request.delete(`/api/v1/sessions/${kept}?now=1`);
		});
	});

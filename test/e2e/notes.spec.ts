import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import type { NotesAnswer } from '#lib/api/notes-types.ts';
import type { NotePin } from '#lib/domain/notes.ts';
import { api, mainLane, openSession } from './helpers.ts';
import { ownSession } from './own-session.ts';

const notesOf = async (page: Page, id: string) =>
	(await api<NotesAnswer>(page, `/api/v1/sessions/${id}/notes`)).notes;
async function pinned(page: Page, id: string, text: string, pin: NotePin): Promise<string> {
	const made = await page.request.post(`/api/v1/sessions/${id}/notes`, { data: { text, pin } });
	expect(made.status()).toBe(201);
	return ((await made.json()) as { noteId: string }).noteId;
}
const list = (page: Page) => page.getByRole('region', { name: 'Notes' }).getByRole('listitem');
const flag = (page: Page, text: string) => page.getByRole('button', { name: `Note: ${text}` });
const form = (page: Page) => page.getByRole('form', { name: 'New note' });
const RECTANGLE = {
	type: 'rectangle',
	lane: 0,
	fromNs: 100e6,
	toNs: 200e6,
	fromGfn: 0x400,
	toGfn: 0x800
} as const;

test('a key writes a note on the cursor, and its text is shown as text', async ({ page }) => {
	const id = await ownSession(page, 'cursor');
	await openSession(page, `/sessions/${id}?t=50000000`);
	await page.keyboard.press('n');
	await expect(form(page).getByRole('radio', { name: /the cursor/ })).toBeChecked();
	await page.keyboard.type('<b>boot</b> & <script>');
	await page.keyboard.press('Control+Enter');
	await expect(list(page)).toContainText('<b>boot</b> & <script>');
	expect(await notesOf(page, id)).toMatchObject([
		{ text: '<b>boot</b> & <script>', pin: { type: 'time', tsNs: 50e6 } }
	]);
	await flag(page, '<b>boot</b> & <script>').hover();
	await expect(page.locator('.note-tip')).toContainText('<b>boot</b> & <script>');
	await expect(page.locator('.note-tip b, aside li b')).toHaveCount(0);
	// the flag is where the time is
	const box = await mainLane(page).boundingBox();
	const mark = await flag(page, '<b>boot').boundingBox();
	expect(mark?.x).toBeCloseTo((box?.x ?? 0) + ((box?.width ?? 0) * 50e6) / 301_000_001 - 1, 0);
	await expect(page.locator('[data-note] title')).toHaveText('<b>boot</b> & <script>');
});

test('a button writes a note on the selected page, with or without its moment', async ({ page }) => {
	const id = await ownSession(page, 'page');
	await openSession(page, `/sessions/${id}?t=50000000&page=0x200&tab=page`);
	await page.getByRole('tabpanel').getByRole('button', { name: 'Note', exact: true }).click();
	await expect(form(page).getByRole('radio', { name: 'page 0x200' })).toBeChecked();
	await form(page).getByRole('textbox').fill('page table');
	await form(page).getByRole('checkbox').uncheck();
	await form(page).getByRole('button', { name: 'Save note' }).click();
	await expect(list(page)).toHaveCount(1);
	expect(await notesOf(page, id)).toMatchObject([{ text: 'page table', pin: { type: 'page', gfn: 0x200 } }]);
	await expect(flag(page, 'page table')).toBeVisible();
});

test('a marked rectangle becomes a note that is outlined where it is', async ({ page }) => {
	const id = await ownSession(page, 'box');
	await page.request.put(`/api/v1/sessions/${id}/iomem`, {
		headers: { 'content-type': 'text/plain' },
		data: '00100000-010fffff : System RAM\n  00100000-008fffff : Kernel code\n'
	});
	await openSession(page, `/sessions/${id}?brush=0:100000000..200000000:0x400..0x800`);
	await page.getByRole('button', { name: 'Write a note on the rectangle' }).click();
	await form(page).getByRole('textbox').fill('busy here');
	await form(page).getByRole('button', { name: 'Save note' }).click();
	await expect(list(page)).toContainText('ram [0x400, 0x800)');
	expect(await notesOf(page, id)).toMatchObject([{ text: 'busy here', pin: RECTANGLE }]);
	const outline = await page.locator('figure[data-lane="0"] .rectangle').boundingBox();
	const lane = await mainLane(page).boundingBox();
	if (!outline || !lane) throw new Error('not drawn');
	expect(outline.x - lane.x).toBeCloseTo((lane.width * 100e6) / 301_000_001, 0);
	expect(outline.width).toBeCloseTo((lane.width * 100e6) / 301_000_001, 0);
	expect(outline.y - lane.y).toBeCloseTo((lane.height * (0x1100 - 0x800)) / 4096, 0);
	// the lane's tooltip tells of the note inside it, and not beside it
	await page.mouse.move(outline.x + outline.width - 10, outline.y + outline.height - 10);
	await expect(page.locator('.tip')).toContainText('note: busy here');
	await page.mouse.move(lane.x + lane.width - 30, outline.y + outline.height - 10);
	await expect(page.locator('.tip')).not.toContainText('busy here');
	// its picture has the note and the memory map too; the plot is 1,060 by 420 pixels at (110, 8)
	await page.getByRole('button', { name: 'Picture or table of ram' }).click();
	const saved = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Picture as SVG' }).click();
	const svg = await readFile(await (await saved).path(), 'utf8');
	const drawn =
		/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="none" stroke="#8a5a00"/;
	const [x, y, width, height] = (drawn.exec(svg) ?? []).slice(1).map(Number);
	expect(x).toBeCloseTo(110 + (1060 * 100e6) / 301_000_001, 1);
	expect(y).toBeCloseTo(8 + (420 * 0x900) / 0x1000, 1);
	expect(width).toBeCloseTo((1060 * 100e6) / 301_000_001, 1);
	expect(height).toBeCloseTo((420 * 0x400) / 0x1000, 1);
	expect(svg).toContain('>Kernel code</text>');
	for (const text of ['>notes</text>', '>memory map</text>', ': busy here</text>'])
		expect(svg).toContain(text);
});

test('a note is edited, deleted and brought back', async ({ page }) => {
	const id = await ownSession(page, 'edit');
	await pinned(page, id, 'cold', { type: 'time', tsNs: 5 });
	await openSession(page, `/sessions/${id}?tab=notes`);
	await list(page).getByRole('button', { name: 'Edit this note' }).click();
	await list(page).getByRole('textbox').fill('hot');
	await page.keyboard.press('Control+Enter');
	await expect(list(page)).toContainText('hot');
	await expect.poll(async () => (await notesOf(page, id))[0]?.text).toBe('hot');
	await list(page).getByRole('button', { name: 'Delete this note' }).click();
	await expect(list(page)).toHaveCount(0);
	expect(await notesOf(page, id)).toEqual([]);
	await page.getByRole('button', { name: 'Undo' }).click();
	await expect(list(page)).toContainText('hot');
	expect(await notesOf(page, id)).toMatchObject([{ text: 'hot', pin: { type: 'time', tsNs: 5 } }]);
});

test('a note leads to its place, back returns, and its link shows it elsewhere', async ({
	page,
	context
}) => {
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	const id = await ownSession(page, 'link');
	const noteId = await pinned(page, id, 'busy here', RECTANGLE);
	await openSession(page, `/sessions/${id}?tab=notes&time=0..20000000&gfn=0:0x100..0x200`);
	await expect(page.locator('figure[data-lane="0"] .rectangle')).toHaveCount(0);
	await list(page).getByRole('button', { name: 'Copy a link to this note' }).click();
	const link = await page.evaluate(() => navigator.clipboard.readText());
	await list(page).getByTitle('Go to this place').click();
	// 100 ms and a quarter of it on each side; the gfns that hid it are taken back
	await expect(page).toHaveURL(`/sessions/${id}?time=75000000..225000000&tab=notes&note=${noteId}`);
	await expect(page.locator('figure[data-lane="0"] .rectangle')).toBeVisible();
	await page.goBack();
	await expect(page).toHaveURL(/time=0\.\.20000000/);
	await expect(page.locator('figure[data-lane="0"] .rectangle')).toHaveCount(0);
	const other = await context.newPage();
	await openSession(other, link);
	await expect(other.locator('figure[data-lane="0"] .rectangle.lit')).toBeVisible();
	await expect(list(other).getByTitle('Go to this place')).toHaveAttribute('aria-current', 'true');
	// the overview's flag leads there too
	await page.locator('[data-note] path').click({ position: { x: 3, y: 3 } });
	await expect(page).toHaveURL(/time=75000000\.\.225000000/);
});

test('a notes file is loaded by choice and by drop, and bad lines are told', async ({ page }) => {
	const id = await ownSession(page, 'file');
	await openSession(page, `/sessions/${id}?tab=notes`);
	const line = (noteId: string, text: string) =>
		JSON.stringify({ kind: 'note_added', atMs: 5, noteId, text, pin: { type: 'time', tsNs: 7e6 } });
	const buffer = Buffer.from(`${line('one', 'from <i>elsewhere</i>')}\nno note\n`);
	const [chooser] = await Promise.all([
		page.waitForEvent('filechooser'),
		page.getByRole('button', { name: 'Load notes' }).click()
	]);
	await chooser.setFiles({ name: 'a.ndjson', mimeType: 'application/x-ndjson', buffer });
	const told = page.getByRole('region', { name: 'Notes' }).getByRole('status');
	await expect(told).toContainText('1 event added from a.ndjson, 1 line rejected');
	await expect(told).toContainText('line 2: is no JSON');
	await told.getByRole('button', { name: 'OK' }).click();
	await expect(told).toHaveCount(0);
	await expect(list(page)).toContainText('from <i>elsewhere</i>');
	// the same event and another one, dropped on the lanes
	const data = await page.evaluateHandle(
		(text) => {
			const transfer = new DataTransfer();
			transfer.items.add(new File([text], 'b.ndjson'));
			return transfer;
		},
		`${line('one', 'from <i>elsewhere</i>')}\n${line('two', 'dropped')}\n`
	);
	await mainLane(page).dispatchEvent('drop', { dataTransfer: data });
	await expect(told).toContainText('1 event added from b.ndjson, 1 here already.');
	await expect(list(page)).toHaveCount(2);
	expect((await notesOf(page, id)).map((note) => note.noteId)).toEqual(['one', 'two']);
	// what is written elsewhere appears by itself, and goes by itself
	const noteId = await pinned(page, id, 'from another tab', RECTANGLE);
	await expect(list(page).filter({ hasText: 'from another tab' })).toBeVisible();
	await expect(page.locator('figure[data-lane="0"] .rectangle')).toBeVisible();
	await page.request.delete(`/api/v1/sessions/${id}/notes/${noteId}`);
	await expect(list(page)).toHaveCount(2);
	await expect(page.locator('figure[data-lane="0"] .rectangle')).toHaveCount(0);
});

test('the page’s export takes the notes along, and loading it brings them back', async ({ page }) => {
	const id = await ownSession(page, 'export');
	await pinned(page, id, 'kept', { type: 'time', tsNs: 5e6 });
	await pinned(page, id, 'too', RECTANGLE);
	const before = await notesOf(page, id);
	await openSession(page, `/sessions/${id}`);
	await page.getByRole('banner').locator('summary', { hasText: 'Export' }).click();
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('link', { name: /All events and notes/ }).click()
	]);
	const loaded = await page.request.post(`/api/v1/sessions?name=again-${Date.now()}`, {
		headers: { 'content-type': 'application/octet-stream' },
		data: await readFile(await file.path())
	});
	expect(loaded.ok()).toBe(true);
	const { session } = (await loaded.json()) as { session: { id: string; events: number } };
	expect(session.events).toBe(303);
	expect(await notesOf(page, session.id)).toEqual(before);
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });
		test('axe finds nothing on notes, their form and their tip', async ({ page }) => {
			const id = await ownSession(page, `axe-${colorScheme}`);
			const noteId = await pinned(page, id, 'one', RECTANGLE);
			await pinned(page, id, 'two', { type: 'page', gfn: 0x900 });
			await pinned(page, id, 'three', { type: 'time', tsNs: 9e6 });
			await openSession(page, `/sessions/${id}?tab=notes&note=${noteId}&page=0x150`);
			await expect(page.locator('.scroll [role=row] button').first()).toBeVisible();
			await flag(page, 'two').focus();
			await expect(page.locator('.note-tip')).toContainText('two');
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			await page.getByRole('button', { name: 'New note' }).click();
			await list(page).first().getByRole('button', { name: 'Edit this note' }).click();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});
	});

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import type { NamesAnswer } from '#lib/api/names-types.ts';
import { api, openSession } from './helpers.ts';
import { ownSession } from './own-session.ts';

const SYMBOLS = [
	'ffffffff81000000 T _text',
	'ffffffff81000100 T copy_page',
	'no line of a map',
	'ffffffff81000200 t clear_page',
	'ffffffff81001000 T _etext',
	''
].join('\n');
const IOMEM = [
	'00000000-00000fff : Reserved',
	'00100000-010fffff : System RAM',
	'  00100000-008fffff : Kernel code',
	'backwards',
	'fee00000-fee00fff : Local APIC',
	''
].join('\n');
const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
const dialog = (page: Page) => page.getByRole('dialog', { name: /Names of the guest/ });
const openNames = (page: Page) => page.getByRole('button', { name: /^Names/ }).click();
const symbols = (page: Page) => dialog(page).getByRole('region', { name: /Symbols/ });
const memory = (page: Page) => dialog(page).getByRole('region', { name: /Memory map/ });
async function loadSymbols(page: Page, text: string) {
	const [chooser] = await Promise.all([
		page.waitForEvent('filechooser'),
		symbols(page)
			.getByRole('button', { name: /Choose a file|Load another/ })
			.click()
	]);
	await chooser.setFiles(file('System.map', text));
}
const rows = (page: Page) => page.locator('.scroll [role=row]');

test('symbols name instructions everywhere, also after a reload', async ({ page }) => {
	const id = await ownSession(page, 'symbols');
	await openSession(page, `/sessions/${id}?seq=2&tab=event`);
	const row = rows(page).filter({ hasText: '0xffffffff81000140' }).first();
	await expect(row).toBeVisible();
	await openNames(page);
	await loadSymbols(page, SYMBOLS);
	await expect(symbols(page)).toContainText('4 symbols from System.map, 1 line rejected');
	await expect(symbols(page)).toContainText('line 3: is no line "ADDRESS TYPE NAME"');
	await dialog(page).getByRole('button', { name: 'Close' }).click();
	await expect(dialog(page)).toBeHidden();
	// 0x…81000140 is 0x40 behind copy_page, 0x…81000250 is 0x50 behind clear_page, 0x401000 is none of the kernel's
	const named = async () => {
		await expect(rows(page).filter({ hasText: 'copy_page+0x40' }).first()).toBeVisible();
		await expect(rows(page).filter({ hasText: 'clear_page+0x50' }).first()).toBeVisible();
		await expect(rows(page).filter({ hasText: '0x401000' }).first()).toBeVisible();
		await expect(page.getByRole('tabpanel')).toContainText('copy_page+0x40');
	};
	await named();
	await page.reload();
	await named();
	await openSession(page, `/sessions/${id}?page=0x100&tab=page`);
	await expect(page.getByRole('tabpanel').locator('.rips li').first()).toContainText(
		'copy_page+0x40 0xffffffff81000140'
	);
	await openSession(page, `/sessions/${id}?tab=analyses&analysis=top-rips`);
	await expect(page.getByRole('tabpanel').locator('tbody')).toContainText('clear_page+0x50');
});

test('what is loaded or removed on another page is seen on this one when it shows', async ({ page }) => {
	const id = await ownSession(page, 'symbols-elsewhere');
	await openSession(page, `/sessions/${id}?seq=2&tab=event`);
	const named = rows(page).filter({ hasText: 'copy_page+0x40' }).first();
	await expect(rows(page).filter({ hasText: '0xffffffff81000140' }).first()).toBeVisible();
	const comesBack = () => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
	const put = await page.request.put(`/api/v1/sessions/${id}/symbols?name=System.map`, { data: SYMBOLS });
	expect(put.ok()).toBe(true);
	await comesBack();
	await expect(named).toBeVisible();
	expect((await page.request.delete(`/api/v1/sessions/${id}/symbols`)).ok()).toBe(true);
	await comesBack();
	await expect(named).toBeHidden();
});

test('a KASLR offset moves the symbols; a wrong one is told before anything is sent', async ({ page }) => {
	const id = await ownSession(page, 'slide');
	await openSession(page, `/sessions/${id}?seq=2`);
	await openNames(page);
	const offset = symbols(page).getByLabel('KASLR offset');
	await offset.fill('much');
	await expect(symbols(page)).toContainText('Write a whole number');
	await expect(symbols(page).getByRole('button', { name: 'Choose a file' })).toBeDisabled();
	await offset.fill('0x1000000');
	await loadSymbols(page, SYMBOLS.replaceAll('ffffffff81', 'ffffffff80'));
	await expect(symbols(page)).toContainText('4 symbols');
	expect((await api<NamesAnswer>(page, `/api/v1/sessions/${id}/names`)).symbols?.slide).toBe('0x1000000');
	await dialog(page).getByRole('button', { name: 'Close' }).click();
	await expect(rows(page).filter({ hasText: 'copy_page+0x40' }).first()).toBeVisible();
	await openNames(page);
	await expect(offset).toHaveValue('0x1000000');
	await symbols(page).getByRole('button', { name: 'Remove' }).click();
	await expect(symbols(page)).toContainText('None loaded');
	await dialog(page).getByRole('button', { name: 'Close' }).click();
	await expect(rows(page).filter({ hasText: '0xffffffff81000140' }).first()).toBeVisible();
});

test('hidden addresses are refused with what to do, and lines that were not taken are told', async ({
	page
}) => {
	const id = await ownSession(page, 'hidden');
	await openSession(page, `/sessions/${id}`);
	await openNames(page);
	await loadSymbols(page, '0000000000000000 T _text\n0000000000000000 t x\nwhat\n');
	const alert = dialog(page).getByRole('alert');
	await expect(alert).toContainText(
		'all 2 addresses are 0: read /proc/kallsyms as root, with kernel.kptr_restrict'
	);
	await expect(alert).toContainText('line 3: is no line');
	await expect(symbols(page)).toContainText('None loaded');
});

test('a dropped memory map names gfns along the lane, in tips and in the page panel', async ({ page }) => {
	const id = await ownSession(page, 'iomem');
	await openSession(page, `/sessions/${id}?page=0x200&tab=page`);
	await expect(page.locator('[data-band]')).toHaveCount(0);
	await openNames(page);
	const transfer = await page.evaluateHandle(
		([text]) => {
			const data = new DataTransfer();
			data.items.add(new File([text ?? ''], 'iomem.txt', { type: 'text/plain' }));
			return data;
		},
		[IOMEM]
	);
	await dialog(page).dispatchEvent('drop', { dataTransfer: transfer });
	await expect(memory(page)).toContainText('4 ranges from iomem.txt, 1 line rejected');
	await expect(memory(page)).toContainText('line 4: is no line "START-END : NAME"');
	await expect(symbols(page)).toContainText('None loaded');
	await memory(page).getByText('All ranges').click();
	await expect(memory(page).getByRole('listitem').filter({ hasText: 'Kernel code' })).toContainText(
		'[0x100000, 0x900000)'
	);
	await dialog(page).getByRole('button', { name: 'Close' }).click();

	const panel = page.getByRole('tabpanel');
	await expect(panel).toContainText('guest memory: System RAM › Kernel code');
	await page.reload();
	await page.waitForSelector('html[data-ready]');
	await expect(panel).toContainText('guest memory: System RAM › Kernel code');
	const band = page.locator('figure[data-lane="0"] [data-band]');
	await expect(band.locator('text')).toHaveText(['System RAM', 'Kernel code']);
	// the kernel's 2,048 pages are the lower half of the lane's 4,096
	const [ram, kernel] = [band.locator('rect').first(), band.locator('rect').nth(1)];
	const boxes = [await ram.boundingBox(), await kernel.boundingBox()];
	expect((boxes[1]?.height ?? 0) / (boxes[0]?.height ?? 1)).toBeCloseTo(0.5, 1);
	await kernel.hover();
	const tip = page.locator('figure[data-lane="0"] .tip');
	await expect(tip).toContainText('Kernel code');
	await expect(tip).toContainText('[0x100000, 0x900000)');
	await expect(tip).toContainText('2,048 pages');
	const lane = page.locator('figure[data-lane="0"] .plot');
	const box = await lane.boundingBox();
	if (!box) throw new Error('no lane');
	await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.9);
	await expect(tip).toContainText('guest memory: System RAM › Kernel code');
	await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.2);
	await expect(tip).not.toContainText('Kernel code');
	await expect(tip).toContainText('guest memory: System RAM');
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });
		test('axe finds nothing on the names dialog and on named lanes', async ({ page }) => {
			const id = await ownSession(page, `axe-names-${colorScheme}`);
			const headers = { 'content-type': 'text/plain' };
			await page.request.put(`/api/v1/sessions/${id}/symbols`, { headers, data: SYMBOLS });
			await page.request.put(`/api/v1/sessions/${id}/iomem`, { headers, data: IOMEM });
			await openSession(page, `/sessions/${id}?seq=2&page=0x100&tab=page`);
			await expect(page.locator('[data-band]')).toBeVisible();
			await expect(page.locator('.rips')).toContainText('copy_page');
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			await openNames(page);
			await loadSymbols(page, 'hello');
			await expect(dialog(page).getByRole('alert')).toBeVisible();
			const axe = new AxeBuilder({ page }).include('dialog[open]');
			expect((await axe.analyze()).violations).toEqual([]);
		});
	});

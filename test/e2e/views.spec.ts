import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import type { NotesAnswer } from '#lib/api/notes-types.ts';
import { api, openSession } from './helpers.ts';
import { ownSession } from './own-session.ts';

const viewsOf = async (page: Page, id: string) =>
	(await api<NotesAnswer>(page, `/api/v1/sessions/${id}/notes`)).views.map(({ name, query }) => [
		name,
		query
	]);
const menu = (page: Page) => page.getByRole('dialog', { name: 'Named views' });
const openMenu = (page: Page) => page.getByRole('button', { name: 'Views', exact: true }).click();
const QUERY = 'time=100000000..200000000&modes=write&seq=120&tab=event';

test('a view is saved under a name and opened again; back returns', async ({ page }) => {
	const id = await ownSession(page, 'views');
	await openSession(page, `/sessions/${id}?${QUERY}`);
	await openMenu(page);
	await menu(page).getByLabel('Save this view as').fill('the second phase');
	await page.keyboard.press('Enter');
	await expect(menu(page).getByRole('link', { name: 'the second phase' })).toBeVisible();
	expect(await viewsOf(page, id)).toEqual([['the second phase', QUERY]]);
	await openSession(page, `/sessions/${id}?tab=page`);
	await openMenu(page);
	await menu(page).getByRole('link', { name: 'the second phase' }).click();
	await expect(page).toHaveURL(`/sessions/${id}?${QUERY}`);
	await expect(menu(page)).toBeHidden();
	await expect(page.getByRole('tab', { name: 'Event' })).toHaveAttribute('aria-selected', 'true');
	await expect(page.getByRole('button', { name: 'preread', exact: true })).toHaveAttribute(
		'aria-pressed',
		'false'
	);
	await page.goBack();
	await expect(page).toHaveURL(`/sessions/${id}?tab=page`);
	await expect(page.getByRole('tab', { name: 'Page' })).toHaveAttribute('aria-selected', 'true');
});

test('the view of the whole session can be saved, a name is replaced, renamed and deleted', async ({
	page
}) => {
	const id = await ownSession(page, 'rename');
	await openSession(page, `/sessions/${id}`);
	await openMenu(page);
	const name = menu(page).getByLabel('Save this view as');
	await name.fill('all');
	await menu(page).getByRole('button', { name: 'Save' }).click();
	await expect(menu(page).getByRole('link', { name: 'all' })).toBeVisible();
	await name.fill('other');
	await page.keyboard.press('Enter');
	await expect(menu(page).getByRole('link')).toHaveCount(2);
	expect(await viewsOf(page, id)).toEqual([
		['all', ''],
		['other', '']
	]);
	await name.fill('all');
	await expect(menu(page).getByRole('button', { name: 'Replace' })).toBeVisible();
	await menu(page).getByRole('button', { name: 'Rename all' }).click();
	await menu(page).getByLabel('New name').fill('other');
	await page.keyboard.press('Enter');
	await expect(menu(page).getByRole('alert')).toContainText('There is a view called “other” already');
	await menu(page).getByLabel('New name').fill('a/b? <i>');
	await page.keyboard.press('Enter');
	await expect(menu(page).getByRole('link', { name: 'a/b? <i>' })).toBeVisible();
	expect(await viewsOf(page, id)).toEqual([
		['other', ''],
		['a/b? <i>', '']
	]);
	await menu(page).getByRole('button', { name: 'Delete other' }).click();
	await expect(menu(page).getByRole('link')).toHaveCount(1);
	await page.reload();
	await page.waitForSelector('html[data-ready]');
	await openMenu(page);
	await expect(menu(page).getByRole('link')).toHaveText(['a/b? <i>']);
	await page.keyboard.press('Escape');
	await expect(menu(page)).toBeHidden();
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });
		test('axe finds nothing on the named views', async ({ page }) => {
			const id = await ownSession(page, `axe-views-${colorScheme}`);
			for (const name of ['one', 'two'])
				await page.request.put(`/api/v1/sessions/${id}/views/${name}`, { data: { query: QUERY } });
			await openSession(page, `/sessions/${id}`);
			await openMenu(page);
			await menu(page).getByRole('button', { name: 'Rename two' }).click();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		});
	});

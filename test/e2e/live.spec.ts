import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { open } from './helpers.ts';

const HEAD = [
	'{"t":0,"k":"session","version":1,"source":"by hand","vcpus":1}',
	'{"t":1,"k":"create_slot","id":0,"a":"0x0","npages":16,"flags":0,"name":"ram"}',
	'{"t":1000,"c":0,"k":"write","a":"0x1008","n":8,"ip":"0x10"}'
];
const write = (t: number, gfn: number) => `{"t":${t},"c":0,"k":"write","a":"0x${gfn.toString(16)}008","n":8}`;

/** A session that takes lines, and how to add some. */
async function liveSession(page: Page, name: string) {
	const made = await page.request.post(`/api/v1/sessions?live=1&name=${name}`);
	const { session } = (await made.json()) as { session: { id: string } };
	let next = 0;
	const append = async (...lines: string[]) => {
		const answer = await page.request.post(`/api/v1/sessions/${session.id}/events?expected=${next}`, {
			headers: { 'content-type': 'application/x-ndjson' },
			data: lines.join('\n') + '\n'
		});
		expect(answer.ok()).toBe(true);
		({ next } = (await answer.json()) as { next: number });
	};
	await append(...HEAD);
	return { id: session.id, append };
}

/** Resolves with the wall clock (ms) when the first lane's picture differs from what it is at the call. */
const pictureChanges = (page: Page) =>
	page.evaluate(
		() =>
			new Promise<number>((resolve, reject) => {
				const look = () => document.querySelector<HTMLCanvasElement>('canvas[data-grid]')?.toDataURL();
				const former = look();
				const give = setTimeout(() => reject(new Error('no new picture in 10 s')), 10_000);
				const frame = () => {
					if (look() === former) return requestAnimationFrame(frame);
					clearTimeout(give);
					resolve(Date.now());
				};
				frame();
			})
	);

test('a comparison follows a session that grows', async ({ page }) => {
	const { id, append } = await liveSession(page, 'compared');
	await open(page, `/compare?a=${id}&b=medium-phases-2vcpu`);
	const row = page.locator('tr[data-total="all accesses"]');
	// the rate stands below the number on a narrow page
	const all = async () => /\d+/.exec(await row.innerText())?.[0];
	await expect.poll(all).toBe('1');
	await append(write(1500, 3), write(1600, 4));
	await expect.poll(all).toBe('3');
});

test('a line is in the totals and in the picture within a second of being written', async ({ page }) => {
	const { id, append } = await liveSession(page, 'latency');
	await open(page, `/sessions/${id}`);
	await expect(page.locator('canvas[data-grid=ready]').first()).toBeVisible();
	await append(write(1500, 3));
	await expect(page.getByRole('switch', { name: /Live/ })).toHaveText('Live');
	await expect(page.locator('header').getByText('4 events')).toBeVisible();
	const times: number[] = [];
	for (let i = 0; i < 7; i++) {
		await page.waitForTimeout(500);
		const changed = pictureChanges(page);
		const written = Date.now();
		await append(write(2000 + i * 300, 4 + i));
		times.push((await changed) - written);
		await expect(page.locator('header').getByText(`${5 + i} events`)).toBeVisible();
	}
	times.sort((a, b) => a - b);
	console.log(
		`from line written to pixel: median ${times[3]} ms, at most ${times[6]} ms (${times.join(', ')})`
	);
	expect(times[3]).toBeLessThan(1000);
});

test('a window at the end stays there, another does not move, and the table grows', async ({ page }) => {
	const { id, append } = await liveSession(page, 'sticky');
	await open(page, `/sessions/${id}?time=501..1001&t=1000`);
	await append(write(2000, 3));
	await expect(page).toHaveURL(/time=1501\.\.2001/);
	await expect(page).toHaveURL(/seq=4/);
	const rows = page.getByRole('grid', { name: 'Events' }).locator('[role=row]');
	await expect(rows).toHaveCount(1 + 4); // with the heading
	await open(page, `/sessions/${id}?time=100..900&t=300`);
	await append(write(3000, 3));
	await expect(page.locator('header').getByText('5 events')).toBeVisible();
	await page.waitForTimeout(300);
	await expect(page).toHaveURL(/time=100\.\.900&t=300/);
});

test('the switch turned off keeps the picture; turned on it catches up; the end ends it', async ({
	page
}) => {
	const { id, append } = await liveSession(page, 'switch');
	await open(page, `/sessions/${id}`);
	const live = page.getByRole('switch', { name: /Live/ });
	await live.click();
	await expect(live).not.toBeChecked();
	await append(write(2000, 3));
	await page.waitForTimeout(700);
	await expect(page.locator('header').getByText('3 events')).toBeVisible();
	await live.click();
	await expect(page.locator('header').getByText('4 events')).toBeVisible();
	await append('{"t":2500,"k":"end"}');
	await expect(live).toHaveCount(0);
	await expect(page.getByText('The session has ended')).toBeVisible();
});

test('a file that was read to its end is not followed, whatever its format tells of the end', async ({
	page
}) => {
	const answer = await page.request.post('/api/v1/sessions?name=no-end', {
		headers: { 'content-type': 'application/octet-stream' },
		data: HEAD.join('\n').replace('by hand', 'no end') + '\n'
	});
	const { session } = (await answer.json()) as { session: { id: string; ended: boolean; complete: boolean } };
	expect(session).toMatchObject({ ended: false, complete: true });
	await open(page, `/sessions/${session.id}`);
	await expect(page.locator('header').getByText('3 events')).toBeVisible();
	await expect(page.getByRole('switch', { name: /Live/ })).toHaveCount(0);
});

test('a complete file that is loaded again after it grew is noticed', async ({ page }) => {
	const load = (...lines: string[]) =>
		page.request.post('/api/v1/sessions?name=grown', {
			headers: { 'content-type': 'application/octet-stream' },
			data: lines.join('\n').replace('by hand', 'grown') + '\n'
		});
	const { session } = (await (await load(...HEAD)).json()) as { session: { id: string; complete: boolean } };
	expect(session.complete).toBe(true);
	await open(page, `/sessions/${session.id}`);
	await expect(page.locator('header').getByText('3 events')).toBeVisible();
	const again = (await (await load(...HEAD, write(2000, 3))).json()) as { session: { id: string } };
	expect(again.session.id).toBe(session.id);
	await expect(page.locator('header').getByText('4 events')).toBeVisible();
	await expect(page.getByText('The session has grown')).toBeVisible();
	await expect(page.getByRole('figure', { name: /ram.* 2 accesses/ })).toBeVisible();
});

test('the head stays as it is when a live session ends', async ({ page }) => {
	const { id, append } = await liveSession(page, 'steady');
	await open(page, `/sessions/${id}`);
	await append(write(2000, 3));
	await expect(page.getByRole('switch', { name: /Live/ })).toHaveText('Live');
	const compare = page.getByRole('banner').getByRole('link', { name: 'Compare' });
	const before = await compare.boundingBox();
	await append('{"t":3000,"k":"end"}');
	await expect(page.getByText('The session has ended')).toBeVisible();
	await expect(page.getByRole('banner').getByText('Complete')).toBeVisible();
	expect(await compare.boundingBox()).toEqual(before);
});

test('a broken connection is told and taken up again without a gap', async ({ page, context }) => {
	const { id, append } = await liveSession(page, 'broken');
	let broken = true;
	await context.route('**/live?**', (route) => (broken ? route.fulfill({ status: 503 }) : route.continue()));
	await open(page, `/sessions/${id}`);
	const live = page.getByRole('switch', { name: /Live/ });
	await expect(live).toHaveText('Live, reconnecting');
	await append(write(2000, 3));
	broken = false;
	await expect(page.locator('header').getByText('4 events')).toBeVisible();
	await expect(live).toHaveText('Live');
});

test('a workload started with a rate is followed picture by picture', async ({ page }) => {
	await open(page, '/');
	await page.getByRole('button', { name: 'Simulate a host' }).first().click();
	const dialog = page.getByRole('dialog', { name: 'Simulate a host' });
	await dialog.getByRole('radio', { name: /^introspection/ }).check();
	await dialog.getByLabel('Events', { exact: true }).fill('60000');
	await dialog.getByLabel('Live rate (events/s)').fill('5000');
	await dialog.getByRole('button', { name: 'Start' }).click();
	await expect(page.getByRole('switch', { name: /Live/ })).toHaveText('Live');
	await expect(page.locator('canvas[data-grid=ready]').first()).toBeVisible();
	for (let i = 0; i < 4; i++) await pictureChanges(page);
	await expect(page.getByText('The session has ended')).toBeVisible();
	await expect(page.locator('header').getByText(/^60,\d+ events$/)).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(`${colorScheme} theme`, () => {
		test.use({ colorScheme });

		test('axe finds nothing while a session is followed, nor after it was deleted', async ({ page }) => {
			test.slow(); // two runs of axe
			const { id, append } = await liveSession(page, `axe ${colorScheme}`);
			await open(page, `/sessions/${id}`);
			await append(write(2000, 3));
			const live = page.getByRole('switch', { name: /Live/ });
			await expect(live).toHaveText('Live');
			await expect(page.locator('header').getByText('4 events')).toBeVisible();
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			expect((await page.request.delete(`/api/v1/sessions/${id}`)).ok()).toBe(true);
			await expect(page.getByRole('alert')).toContainText('This session was deleted');
			await expect(live).toHaveCount(0);
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
			await page.getByRole('alert').getByRole('link', { name: 'Go to the sessions' }).click();
			await expect(page).toHaveURL(/\/$/);
		});
	});

test('a session that does not grow for 20 s is followed no more, one that is asked for is', async ({
	page
}) => {
	await page.clock.install();
	const { id, append } = await liveSession(page, 'idle');
	await open(page, `/sessions/${id}`);
	const live = page.getByRole('switch', { name: /Live/ });
	await expect(live).toHaveText('Live, waiting');
	await page.clock.fastForward(20_000);
	await expect(live).toHaveText('Follow');
	await append(write(2000, 3));
	await expect(page.locator('header').getByText('3 events')).toBeVisible();
	await live.click();
	await expect(page.locator('header').getByText('4 events')).toBeVisible();
	await page.clock.fastForward(60_000);
	await expect(live).toHaveText('Live');
});

import { getGrid } from '#lib/api/client.ts';
import type { Grid } from '#lib/view/grid.ts';

const PRELOADS = 'link[rel=preload][as=fetch]';
/** Longest time that the page waits for them, in ms: without them it comes to life as well. */
const PATIENCE_MS = 150;

const asked = new Map<string, Promise<Grid>>();
const came = new Map<string, Grid>();

/** A grid, from what the page's head asked the browser for if it is among that. @throws {ApiProblem} */
export function takeGrid(url: string, signal: AbortSignal): Promise<Grid> {
	const early = asked.get(url);
	asked.delete(url);
	return early ?? getGrid(url, signal);
}

/** The grids at these addresses, if all of them were asked for ahead and have come. */
export function earlyGrids(urls: readonly string[]): readonly Grid[] | null {
	const grids = urls.flatMap((url) => came.get(url) ?? []);
	return urls.length && grids.length === urls.length ? grids : null;
}

function readAhead(): Promise<unknown> {
	const links = [...document.querySelectorAll<HTMLLinkElement>(PRELOADS)].map((link) => new URL(link.href));
	return Promise.allSettled(
		links.map(async ({ pathname, search }) => {
			const url = pathname + search;
			const grid = getGrid(url);
			asked.set(url, grid);
			came.set(url, await grid);
		})
	);
}

// before the page comes to life, so that its first frame has the picture
if (typeof document !== 'undefined')
	await Promise.race([readAhead(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);

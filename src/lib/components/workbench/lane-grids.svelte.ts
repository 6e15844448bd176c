import { tick, untrack } from 'svelte';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import type { GfnScale } from '#lib/view/gfn-scale.ts';
import type { Grid } from '#lib/view/grid.ts';
import { earlyGrids, takeGrid } from './early-grids.ts';
import { accessUrls, coarseUrls, trackedUrls } from './grid-questions.ts';
import type { Workbench } from './workbench.svelte.ts';

const getGrids = (urls: readonly string[], signal: AbortSignal): Promise<Grid[]> =>
	Promise.all(urls.map((url) => takeGrid(url, signal)));

/**
 * What a lane's heat map is painted from: a grid of accesses for each stretch of gfns that is not folded (kept by the
 * bench, whose colours go by all of them), and one of tracked pages. Asks anew whenever the view changes. To be made
 * while a component is set up.
 */
export class LaneGrids {
	failed = $state('');
	/** True once a grid came that is as fine as the screen. */
	sharp = $state(false);
	/** Tracked pages of each stretch; empty if the source tells none. */
	tracked = $state.raw<readonly Grid[]>([]);
	readonly #bench: Workbench;
	readonly #lane: () => LaneInfo;
	readonly #scale: () => GfnScale;

	constructor(bench: Workbench, lane: () => LaneInfo, scale: () => GfnScale) {
		this.#bench = bench;
		this.#lane = lane;
		this.#scale = scale;
		if (!bench.pictured) untrack(() => this.#beginCoarse());
		$effect(() => this.#askAccesses());
		$effect(() => this.#askTracked());
	}

	/** Texts, so that a view that changes elsewhere, as by a move of the cursor, asks for nothing. */
	readonly #accesses = $derived.by(() => this.#urls(accessUrls, 1));
	readonly #trackings = $derived.by(() => this.#urls(trackedUrls, 2));

	#urls(make: typeof accessUrls, each: number): string {
		const width = this.#bench.plotWidth;
		return make(this.#bench, this.#lane(), { scale: this.#scale(), width, each }).join(' ');
	}

	/** As the page comes to life: a coarse grid, which the browser asked for ahead. */
	#beginCoarse(): void {
		const { grids } = this.#bench;
		const lane = this.#lane();
		const urls = coarseUrls(this.#bench, lane);
		const early = earlyGrids(urls);
		if (early) return void grids.set(lane.lane, early);
		$effect(() => {
			const stop = new AbortController();
			getGrids(urls, stop.signal).then(
				(got) => {
					if (got.length && !grids.has(lane.lane)) grids.set(lane.lane, got);
				},
				() => {} // the sharp one tells what is wrong
			);
			return () => stop.abort();
		});
	}

	#askAccesses() {
		const { grids } = this.#bench;
		const { lane } = this.#lane();
		if (!this.#accesses) return void untrack(() => grids.delete(lane));
		const urls = this.#accesses.split(' ');
		const stop = new AbortController();
		const done = this.#bench.awaitPicture();
		const load = () =>
			getGrids(urls, stop.signal)
				.then(
					(got) => {
						grids.set(lane, got);
						this.sharp = true;
						this.failed = '';
					},
					(error: Error) => {
						if (error.name !== 'AbortError') this.failed = error.message;
					}
				)
				.finally(() => {
					done();
					if (!stop.signal.aborted) this.#bench.firstPicture();
				});
		let timer: ReturnType<typeof setTimeout> | undefined;
		// the former picture moves at once; the sharp one is asked for when the hand rests
		if (untrack(() => this.sharp && grids.has(lane))) timer = setTimeout(() => void load(), 40);
		// the lanes' box is measured after this
		else void tick().then(() => (stop.signal.aborted ? undefined : load()));
		return () => {
			clearTimeout(timer);
			stop.abort();
			done();
		};
	}

	#askTracked() {
		if (!this.#trackings) return void (this.tracked = []);
		const urls = this.#trackings.split(' ');
		const stop = new AbortController();
		const timer = setTimeout(() => {
			getGrids(urls, stop.signal).then(
				(got) => (this.tracked = got),
				() => {} // the accesses are drawn all the same
			);
		}, 60);
		return () => {
			clearTimeout(timer);
			stop.abort();
		};
	}
}

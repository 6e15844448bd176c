import { tick, untrack } from 'svelte';
import { decodeGrid } from '#lib/api/binary-grid.ts';
import { getGrid, getTracked } from '#lib/api/client.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import { MODES } from '#lib/domain/kinds.ts';
import type { GfnScale } from '#lib/view/gfn-scale.ts';
import type { Grid } from '#lib/view/grid.ts';
import { clampRange, type Range, span } from '#lib/view/range.ts';
import type { Workbench } from './workbench.svelte.ts';

/** The next multiple: a layout that moves by a few pixels asks for no other picture. */
const upTo = (step: number, pixels: number) => Math.max(1, Math.ceil(pixels / step)) * step;

type Query = Record<string, string | number | undefined>;

/**
 * What a lane's heat map is painted from: a grid of accesses for each stretch of gfns that is not folded (kept by the
 * bench, whose colours go by all of them), and one of tracked pages. Asks anew whenever the view changes. To be made
 * while a component is set up.
 */
export class LaneGrids {
	failed = $state('');
	/** Tracked pages of each stretch; empty if the source tells none. */
	tracked = $state.raw<readonly Grid[]>([]);
	readonly #bench: Workbench;
	readonly #lane: () => LaneInfo;
	readonly #scale: () => GfnScale;

	/** The window and a quarter of it to both sides, so that a short drag shows no edge. */
	readonly #wanted: Range = $derived.by(() => {
		const { time, whole } = this.#bench;
		const more = span(time) / 4;
		const wide = { from: time.from - more, to: time.to + more };
		return span(wide) >= span(whole) ? whole : clampRange(wide, whole);
	});

	constructor(bench: Workbench, lane: () => LaneInfo, scale: () => GfnScale) {
		this.#bench = bench;
		this.#lane = lane;
		this.#scale = scale;
		$effect(() => this.#askAccesses());
		$effect(() => this.#askTracked());
	}

	/** A query for each stretch that is not folded; `each` pixels make a cell. */
	#queries(each: number): Query[] {
		const { time, plotWidth, session } = this.#bench;
		const { from, to } = this.#wanted;
		// a live session grows: another number of events is another picture
		const common = { lane: this.#lane().lane, from, to, align: 1, events: session.events };
		const columns = upTo(64, (plotWidth * span(this.#wanted)) / span(time) / each);
		return this.#scale()
			.pieces.filter((piece) => !piece.folded)
			.map(({ gfns, height }) => ({
				...common,
				...{ gfn: `${gfns.from}..${gfns.to}`, columns, rows: upTo(16, height / each) }
			}));
	}

	/** Texts, so that a view that changes elsewhere, as by a move of the cursor, asks for nothing. */
	readonly #accesses = $derived.by(() => {
		const { modes, value } = this.#bench.view;
		if (!modes.length) return '';
		const kinds = modes.length === MODES.length ? undefined : modes.join(',');
		return JSON.stringify(this.#queries(1).map((query) => ({ ...query, kinds, value })));
	});
	readonly #trackings = $derived.by(() => {
		const { view, hasTracking } = this.#bench;
		if (!hasTracking || !view.modes.length) return '';
		return JSON.stringify(this.#queries(2).map((query) => ({ ...query, mode: view.modes.join(',') })));
	});

	#askAccesses() {
		const { grids } = this.#bench;
		const { id } = untrack(() => this.#bench.session);
		const { lane } = this.#lane();
		if (!this.#accesses) return void untrack(() => grids.delete(lane));
		const queries = JSON.parse(this.#accesses) as Query[];
		const stop = new AbortController();
		const done = this.#bench.awaitPicture();
		const load = () =>
			Promise.all(queries.map(async (query) => decodeGrid(await getGrid(id, query, stop.signal))))
				.then(
					(got) => {
						grids.set(lane, got);
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
		if (untrack(() => grids.has(lane))) timer = setTimeout(() => void load(), 40);
		// the lanes' box is measured after this
		else void tick().then(() => (stop.signal.aborted ? undefined : load()));
		return () => {
			clearTimeout(timer);
			stop.abort();
			done();
		};
	}

	#askTracked() {
		const { id } = untrack(() => this.#bench.session);
		if (!this.#trackings) return void (this.tracked = []);
		const queries = JSON.parse(this.#trackings) as Query[];
		const stop = new AbortController();
		const timer = setTimeout(() => {
			const grids = queries.map(async (query) => decodeGrid(await getTracked(id, query, stop.signal)));
			Promise.all(grids).then(
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

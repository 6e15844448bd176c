import type { LaneInfo } from '#lib/domain/session-info.ts';
import { areaOf, firstPlace, type LanePlace, stepCell } from '#lib/view/cell-cursor.ts';
import { type GfnScale, pieceAt } from '#lib/view/gfn-scale.ts';
import { type Cell, cellIn, type Grid } from '#lib/view/grid.ts';
import { reveal, span } from '#lib/view/range.ts';
import { arrowStep, keyAction } from '#lib/view/session-keys.ts';
import type { Brush } from '#lib/view/view-state.ts';
import { keyFocus } from './key-focus.ts';
import type { LanePoint } from './lane-hand.svelte.ts';
import type { Workbench } from './workbench.svelte.ts';

/** Share of the lane's gfns that a key pans by. */
const GFN_PAN = 0.5;

/** What keys do in a lane: a cursor goes from cell to cell; zoom, pan, a rectangle, the choice of a time and a page. */
export class LaneKeys {
	/** Where the cell cursor is; null while the lane was not reached by keyboard. */
	#place = $state.raw<LanePlace | null>(null);
	/** The cell that a rectangle begins with. */
	#anchor = $state.raw<Pick<Cell, 'time' | 'gfns'> | null>(null);
	readonly #bench: Workbench;
	readonly #lane: () => LaneInfo;
	readonly #scale: () => GfnScale;
	readonly #grids: () => readonly Grid[] | null;

	constructor(
		bench: Workbench,
		of: { lane: () => LaneInfo; scale: () => GfnScale; grids: () => readonly Grid[] | null }
	) {
		this.#bench = bench;
		this.#lane = of.lane;
		this.#scale = of.scale;
		this.#grids = of.grids;
	}

	readonly focus = keyFocus((held) => (held ? this.#begin() : this.#end()));

	/** The cell cursor on the screen; null if there is none or it is out of sight. */
	get at(): LanePoint | null {
		const place = this.#place;
		const { time, x } = this.#bench;
		const gfns = this.#bench.gfnsOf(this.#lane());
		if (!place || place.tsNs < time.from || place.tsNs >= time.to) return null;
		if (place.gfn < gfns.from || place.gfn >= gfns.to) return null;
		const y = this.#scale().at(place.gfn + 0.5);
		const piece = pieceAt(this.#scale().pieces, y);
		return { ...place, x: x.at(place.tsNs), y, fold: piece?.folded ? piece.gfns : null };
	}

	get cell(): Cell | null {
		const { at } = this;
		return at && !at.fold ? cellIn(this.#grids() ?? [], at.tsNs, at.gfn) : null;
	}

	/** The rectangle that is being marked. */
	get brush(): Brush | null {
		const { cell } = this;
		return this.#anchor && cell ? this.#limited(areaOf(this.#anchor, cell)) : null;
	}

	#limited({ time, gfns }: Pick<Cell, 'time' | 'gfns'>): Brush {
		const { lane, baseGfn, npages } = this.#lane();
		const { whole } = this.#bench;
		return {
			lane,
			time: {
				from: Math.max(whole.from, Math.floor(time.from)),
				to: Math.min(whole.to, Math.ceil(time.to))
			},
			gfns: { from: Math.max(baseGfn, gfns.from), to: Math.min(baseGfn + npages, gfns.to) }
		};
	}

	#begin(): void {
		const { time, cursorNs, view } = this.#bench;
		this.#put(firstPlace({ tsNs: cursorNs, gfn: view.page }, { time, scale: this.#scale() }));
	}

	#end(): void {
		if (!this.#place) return;
		this.#place = this.#anchor = null;
		this.#bench.pointer = null;
	}

	#put(place: LanePlace): void {
		this.#place = place;
		this.#bench.pointer = { ...place, lane: this.#lane().lane };
	}

	/** Does what a key asks of the lane; any other is left to the page. */
	press(event: KeyboardEvent): void {
		const done = this.#place ? this.#act(event, this.#place) : this.#start(event);
		if (done) event.preventDefault();
	}

	#start({ key }: KeyboardEvent): boolean {
		const asked = key === 'ArrowUp' || key === 'ArrowDown' || key === 'Enter';
		if (asked) this.#begin();
		return asked;
	}

	#act(event: KeyboardEvent, place: LanePlace): boolean {
		const by = arrowStep(event);
		if (by) return this.#step(by, event.shiftKey, place);
		if (event.ctrlKey || event.metaKey || event.altKey) return false;
		const bench = this.#bench;
		const action = keyAction(event);
		if (event.key === 'Enter') this.#choose(place);
		else if (event.key === 'Escape') this.#leave();
		else if (event.key === 'PageUp' || event.key === 'PageDown')
			this.#panGfns(event.key === 'PageUp' ? GFN_PAN : -GFN_PAN, place);
		else if (event.key === 'z') bench.zoomGfns(this.#lane(), place.gfn, 0.5);
		else if (event.key === 'Z') bench.zoomGfns(this.#lane(), place.gfn, 2);
		else if (action?.do === 'zoom') bench.zoom(place.tsNs, action.factor);
		else if (action?.do === 'pan') this.#pan(action.by, place);
		else return false;
		return true;
	}

	#step(by: { columns: number; rows: number }, extend: boolean, place: LanePlace): boolean {
		const { cell } = this;
		this.#anchor = extend ? (this.#anchor ?? cell) : null;
		this.#go(place, { cell: cell ?? this.#area(place), ...by });
		return true;
	}

	#go(place: LanePlace, step: { cell: Pick<Cell, 'time' | 'gfns'>; columns: number; rows: number }): void {
		const bench = this.#bench;
		const lane = this.#lane();
		const limits = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
		const next = stepCell(place, step, { time: bench.whole, gfns: limits, scale: this.#scale() });
		const { time } = bench;
		if (next.tsNs < time.from || next.tsNs >= time.to) bench.show(reveal(time, next.tsNs, bench.whole));
		const gfns = bench.gfnsOf(lane);
		if (next.gfn < gfns.from || next.gfn >= gfns.to)
			bench.panGfns(lane, reveal(gfns, next.gfn, limits).from - gfns.from);
		this.#put(next);
	}

	/** Stands for a cell where none is known, as in a fold or before the heat map has come. */
	#area({ tsNs, gfn }: LanePlace): Pick<Cell, 'time' | 'gfns'> {
		const { time, plotWidth } = this.#bench;
		const columnNs = Math.max(1, Math.round((span(time) * 2) / plotWidth));
		return { time: { from: tsNs, to: tsNs + columnNs }, gfns: { from: gfn, to: gfn + 1 } };
	}

	/** Chooses the cell's middle and its lowest page as a click does, or keeps the rectangle. */
	#choose({ tsNs }: LanePlace): void {
		const { brush, cell } = this;
		this.#anchor = null;
		if (brush) return this.#bench.change({ brush, table: true }, true);
		const page = cell ? { page: Math.max(this.#lane().baseGfn, cell.gfns.from) } : {};
		this.#bench.change(
			{ at: { tsNs: Math.min(tsNs, this.#bench.session.endNs) }, ...page, brush: null },
			true
		);
	}

	/** Gives the rectangle up, else the cell cursor. */
	#leave(): void {
		if (this.#anchor) this.#anchor = null;
		else this.#end();
	}

	/** Pans time; the cell cursor stays where it is on the screen. */
	#pan(share: number, place: LanePlace): void {
		const bench = this.#bench;
		const { from } = bench.time;
		bench.pan(share * span(bench.time));
		this.#put({ ...place, tsNs: place.tsNs + bench.time.from - from });
	}

	#panGfns(share: number, place: LanePlace): void {
		const bench = this.#bench;
		const lane = this.#lane();
		const { from, to } = bench.gfnsOf(lane);
		bench.panGfns(lane, share * (to - from));
		this.#put({ ...place, gfn: place.gfn + bench.gfnsOf(lane).from - from });
	}
}

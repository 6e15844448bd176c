import type { LaneInfo } from '#lib/domain/session-info.ts';
import { type GfnPiece, type GfnScale, pieceAt } from '#lib/view/gfn-scale.ts';
import { type Range, span } from '#lib/view/range.ts';
import type { Brush } from '#lib/view/view-state.ts';
import type { Workbench } from './workbench.svelte.ts';

/** A point of a lane's plot, in pixels and in what they stand for. */
export interface LanePoint {
	readonly x: number;
	readonly y: number;
	readonly tsNs: number;
	readonly gfn: number;
	/** The fold that the point is in; null on gfns that are shown. */
	readonly fold: Range | null;
}

/** A rectangle of the plot, in pixels. */
export interface PlotBox {
	readonly left: number;
	readonly right: number;
	readonly top: number;
	readonly bottom: number;
}

interface Grip {
	readonly mode: 'pan' | 'brush' | 'cursor';
	readonly x: number;
	readonly y: number;
	readonly moved: boolean;
}

/** What the pointer does in a lane: pans, zooms, moves the cursor, marks a rectangle, chooses a time and a page. */
export class LaneHand {
	/** Where the pointer is; null outside. */
	at = $state.raw<LanePoint | null>(null);
	/** The rectangle being drawn. */
	#brush = $state.raw<{ x: number; y: number; toX: number; toY: number } | null>(null);
	#grip: Grip | null = null;
	readonly #bench: Workbench;
	readonly #lane: () => LaneInfo;
	readonly #scale: () => GfnScale;

	constructor(bench: Workbench, lane: () => LaneInfo, scale: () => GfnScale) {
		this.#bench = bench;
		this.#lane = lane;
		this.#scale = scale;
	}

	get brushing(): boolean {
		return this.#brush !== null;
	}

	/** The rectangle on the screen: the one being drawn, else the one that the view keeps for this lane. */
	get box(): PlotBox | null {
		const drawn = this.#brush;
		if (drawn)
			return {
				left: Math.min(drawn.x, drawn.toX),
				right: Math.max(drawn.x, drawn.toX),
				top: Math.min(drawn.y, drawn.toY),
				bottom: Math.max(drawn.y, drawn.toY)
			};
		const kept = this.#bench.view.brush;
		return kept?.lane === this.#lane().lane ? this.boxOf(kept) : null;
	}

	/** What the rectangle being drawn holds; null while there is none. */
	get marking(): Brush | null {
		const { box } = this;
		return this.brushing && box && box.right > box.left ? this.#brushOf(box) : null;
	}

	boxOf(kept: Brush): PlotBox {
		const { x } = this.#bench;
		const y = this.#scale();
		return {
			left: x.at(kept.time.from),
			right: x.at(kept.time.to),
			top: y.at(kept.gfns.to),
			bottom: y.at(kept.gfns.from)
		};
	}

	get #gfns(): Range {
		return this.#bench.gfnsOf(this.#lane());
	}

	#pieceAt(y: number): GfnPiece | undefined {
		return pieceAt(this.#scale().pieces, y);
	}

	#place(event: PointerEvent | WheelEvent): LanePoint {
		const plot = event.currentTarget as HTMLElement; // listeners sit on the plot
		const box = plot.getBoundingClientRect();
		const x = event.clientX - box.left;
		const y = event.clientY - box.top;
		const { from, to } = this.#gfns;
		const gfn = Math.min(to - 1, Math.max(from, Math.floor(this.#scale().invert(y))));
		const piece = this.#pieceAt(y);
		const fold = piece?.folded ? piece.gfns : null;
		return { x, y, tsNs: Math.floor(this.#bench.x.invert(x)), gfn, fold };
	}

	#clampTime(tsNs: number): number {
		return Math.max(0, Math.min(this.#bench.session.endNs, tsNs));
	}

	down(event: PointerEvent & { currentTarget: HTMLElement }): void {
		if (event.button !== 0) return;
		const at = this.#place(event);
		const onCursor = Math.abs(at.x - this.#bench.x.at(this.#bench.cursorNs)) <= 4;
		const mode = event.shiftKey ? 'brush' : onCursor ? 'cursor' : 'pan';
		this.#grip = { mode, x: event.clientX, y: event.clientY, moved: false };
		if (mode === 'brush') this.#brush = { x: at.x, y: at.y, toX: at.x, toY: at.y };
		event.currentTarget.setPointerCapture(event.pointerId);
	}

	move(event: PointerEvent): void {
		const bench = this.#bench;
		const at = this.#place(event);
		this.at = at;
		bench.pointer = { tsNs: at.tsNs, lane: this.#lane().lane, gfn: at.gfn };
		const grip = this.#grip;
		if (!grip) return;
		const dx = event.clientX - grip.x;
		const dy = event.clientY - grip.y;
		if (!grip.moved && Math.abs(dx) + Math.abs(dy) < 4) return;
		this.#grip = { ...grip, moved: true };
		if (grip.mode === 'brush') this.#brush = this.#brush && { ...this.#brush, toX: at.x, toY: at.y };
		else if (grip.mode === 'cursor') bench.dragCursor(at.tsNs);
		else {
			this.#pan(dx, dy, at.y);
			this.#grip = { ...grip, x: event.clientX, y: event.clientY, moved: true };
		}
	}

	#pan(dx: number, dy: number, y: number): void {
		const bench = this.#bench;
		const lane = this.#lane();
		bench.pan((-dx / bench.plotWidth) * span(bench.time));
		const piece = this.#pieceAt(y);
		if (bench.view.gfns[lane.lane] && piece) bench.panGfns(lane, (dy / piece.height) * span(piece.gfns));
	}

	up(event: PointerEvent): void {
		const bench = this.#bench;
		const at = this.#place(event);
		// in a fold no page can be meant
		const page = at.fold ? {} : { page: at.gfn };
		if (this.#grip && !this.#grip.moved)
			bench.change({ at: { tsNs: this.#clampTime(at.tsNs) }, ...page, brush: null }, true);
		else if (this.#grip?.mode === 'brush' && this.box) {
			// what is in it is what the table lists
			const brush = this.#brushOf(this.box);
			if (span(brush.time) > 0) bench.change({ brush, table: true }, true);
		}
		this.#brush = null;
		this.#grip = null;
	}

	/** The rectangle of time and gfns that a drawn one stands for. */
	#brushOf(box: PlotBox): Brush {
		const bench = this.#bench;
		const { from, to } = this.#gfns;
		const y = this.#scale();
		const time = {
			from: this.#clampTime(Math.floor(bench.x.invert(box.left))),
			to: Math.min(bench.whole.to, Math.ceil(bench.x.invert(box.right)))
		};
		const low = Math.max(from, Math.floor(y.invert(box.bottom)));
		const gfns = { from: low, to: Math.max(low + 1, Math.min(to, Math.ceil(y.invert(box.top)))) };
		return { lane: this.#lane().lane, time, gfns };
	}

	leave(): void {
		this.at = null;
		this.#bench.pointer = null;
	}

	/** Zooms at the pointer: time, or with shift the gfns. An attachment, as the wheel must not scroll the page. */
	readonly wheel = (node: HTMLElement): (() => void) => {
		const listen = (event: WheelEvent) => {
			if (event.ctrlKey) return;
			event.preventDefault();
			const factor = Math.exp((event.deltaY || event.deltaX) * 0.0022);
			const at = this.#place(event);
			if (event.shiftKey) this.#bench.zoomGfns(this.#lane(), at.gfn, factor);
			else this.#bench.zoom(at.tsNs, factor);
		};
		node.addEventListener('wheel', listen, { passive: false });
		return () => node.removeEventListener('wheel', listen);
	};
}

import { SvelteMap } from 'svelte/reactivity';
import { SessionNames } from '#lib/components/names/session-names.svelte.ts';
import { SessionNotes } from '#lib/components/notes/session-notes.svelte.ts';
import { getState, getStep } from '#lib/api/client.ts';
import type { UsedGfns } from '#lib/api/tracking-types.ts';
import type { SessionDetail, StateView } from '#lib/api/types.ts';
import { foldsOf } from '#lib/domain/gfn-folds.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import { type GfnScale, gfnScale } from '#lib/view/gfn-scale.ts';
import type { Grid } from '#lib/view/grid.ts';
import { laneHeights, lanesDownwards, QUIET_SHARE } from '#lib/view/lane-layout.ts';
import { Latest } from '#lib/view/latest.ts';
import { atEnd, stickToEnd } from '#lib/view/live.ts';
import { panRange, type Range, reveal, sameRange, scaleOf, zoomRange } from '#lib/view/range.ts';
import {
	formatView,
	parseQuery,
	parseView,
	type Position,
	positionParam,
	type ViewState
} from '#lib/view/view-state.ts';
import { ChosenTime } from './chosen-time.svelte.ts';

/** Room for the gfn labels left of a lane, in CSS pixels. */
export const AXIS_WIDTH = 84;
/** Shortest time window: below it a pixel is less than a nanosecond. */
const LEAST_TIME = 64;
const LEAST_GFNS = 4;
/** Height of a lane's heading of one line. */
export const HEADING = 22;
/** What the session page is loaded with, and what it grows to. */
export interface WorkbenchData {
	readonly session: SessionDetail;
	readonly used: UsedGfns;
}
const rangesByLane = ({ lanes }: UsedGfns): ReadonlyMap<number, readonly Range[]> =>
	new Map(
		lanes.map(({ lane, ranges }) => [
			lane,
			ranges.map(({ gfn, npages }) => ({ from: gfn, to: gfn + npages }))
		])
	);
/** Writes the address: `push` makes an entry of its own in the browser's history. */
export type WriteAddress = (search: string, push: boolean) => void;

/**
 * What the session page shows and does: the view that its address tells, the tracking state at the cursor, the heat
 * maps that have come. Components read it and call its methods; none keeps a second copy.
 */
export class Workbench {
	session = $state.raw() as SessionDetail; // set by the constructor
	view = $state.raw() as ViewState; // set by the constructor
	/** The tracking state at the cursor; null until the first one came. */
	now = $state.raw<StateView | null>(null);
	stateFailed = $state('');
	/** Heat maps on the screen, by lane: one for each stretch of gfns that is not folded. */
	readonly grids = new SvelteMap<number, readonly Grid[]>();
	/** Gfns that were accessed or tracked in the session, by lane. */
	used = $state.raw() as ReadonlyMap<number, readonly Range[]>; // set by the constructor
	/** The lane of accesses outside every memslot; null if there is none. */
	outside = $state.raw() as LaneInfo | null; // set by the constructor
	/** Size of the lanes' box. */
	width = $state(1000);
	height = $state(420);
	/** Height of what is under the lanes in that box. */
	footer = $state(60);
	/** Where the pointer is, for the crosshair over all lanes. */
	pointer = $state.raw<{ readonly tsNs: number; readonly lane: number; readonly gfn: number } | null>(null);

	readonly clock = $derived(this.session.clock);
	readonly whole: Range = $derived({ from: 0, to: this.session.endNs + 1 });
	readonly time: Range = $derived(this.view.time ?? this.whole);
	readonly plotWidth = $derived(Math.max(120, this.width - AXIS_WIDTH - 10));
	readonly x = $derived(scaleOf(this.time, this.plotWidth));
	// by themselves: lanes are laid out anew only when one of these is another, not for each position of the cursor
	readonly #gfns = $derived(this.view.gfns);
	readonly #fold = $derived(this.view.fold);
	readonly #turned = $derived(this.view.turned);
	readonly #heights = $derived(this.view.heights);
	readonly seq = $derived(this.now?.seq ?? 0);
	readonly cursorNs = $derived(
		this.view.at && 'tsNs' in this.view.at ? this.view.at.tsNs : (this.now?.tsNs ?? 0)
	);
	readonly lanes: readonly LaneInfo[] = $derived([
		...lanesDownwards(this.session.lanes),
		...(this.outside ? [this.outside] : [])
	]);
	/** Of all lanes. */
	readonly accesses = $derived(this.lanes.reduce((sum, lane) => sum + lane.accesses, 0));
	/** Lanes with a heat map, and those that are a name only. */
	readonly open = $derived(this.lanes.filter((lane) => !this.isFolded(lane)));
	readonly quiet = $derived(this.lanes.filter((lane) => this.isFolded(lane)));
	/** Heights of the open lanes' heat maps, in order. */
	readonly heights = $derived(
		laneHeights(this.open, this.height - this.open.length * HEADING - this.footer, this.#heights)
	);
	/** True if the source tells what is tracked, so that there is an outline to draw. */
	readonly hasTracking = $derived((this.session.kinds.track_add ?? 0) > 0);
	/** Largest cell of all grids on the screen: one colour scale for all lanes. */
	readonly max = $derived(Math.max(1, ...[...this.grids.values()].flat().map((grid) => grid.max)));

	readonly notes = new SessionNotes(this);
	readonly names = new SessionNames(this);
	readonly chosen = new ChosenTime();

	/** True while a growing session is followed: the cursor is at its end unless the view puts it elsewhere. */
	following = $state(false);
	/** Pictures of the present session that are on their way; nothing draws it. */
	#awaited = 0;
	/** A cursor set by event number whose time is on its way: the window then takes it in. */
	#unseen: Position | null = null;
	readonly #write: WriteAddress;
	readonly #states = new Latest<StateView>(
		(state) => this.#arrived(state),
		(error) => (this.stateFailed = (error as Error).message)
	);
	#writing: ReturnType<typeof setTimeout> | undefined;

	#pictured = $state(false);
	/** True once a heat map is there or none will come: what costs the server more waits for it. */
	readonly pictured = $derived(this.#pictured || !this.open.length || !this.view.modes.length);

	constructor(data: WorkbenchData, search: URLSearchParams, write: WriteAddress) {
		this.session = data.session;
		this.used = rangesByLane(data.used);
		this.outside = data.used.outside;
		this.view = parseView(search);
		this.#write = write;
	}

	/** Lanes with hardly any access are closed, unless the view turned them. */
	isFolded(lane: LaneInfo): boolean {
		return lane.accesses <= this.accesses * QUIET_SHARE !== this.#turned.includes(lane.lane);
	}

	/** Opens a closed lane, closes an open one. */
	turn(lane: number): void {
		this.change({ turned: this.#withTurned(lane) }, true);
		this.grids.delete(lane);
	}

	#withTurned(lane: number): readonly number[] {
		const { turned } = this.view;
		return turned.includes(lane) ? turned.filter((each) => each !== lane) : [...turned, lane];
	}

	gfnsOf(lane: LaneInfo): Range {
		return this.#gfns[lane.lane] ?? { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
	}

	/** The gfn axis of a lane `height` pixels tall, folded if the view says so. */
	gfnScaleOf(lane: LaneInfo, height: number): GfnScale {
		const gfns = this.gfnsOf(lane);
		const folds = this.#fold ? foldsOf(gfns, this.used.get(lane.lane) ?? []) : [];
		return gfnScale(gfns, height, folds);
	}

	/**
	 * Changes the view; `step` makes it an entry of the history, else it replaces the present one. A cursor that is
	 * set without a window takes the window along.
	 */
	change(part: Partial<ViewState>, step = false): void {
		const { at } = part;
		const alone = part.time === undefined;
		this.view = { ...this.view, ...part };
		if (at !== undefined) this.#unseen = at && 'seq' in at && alone ? at : null;
		if (at && 'tsNs' in at && alone) this.view = { ...this.view, time: this.#windowWith(at.tsNs) };
		clearTimeout(this.#writing);
		if (step) this.#write(formatView(this.view), true);
		else this.#writing = setTimeout(() => this.#write(formatView(this.view), false), 150);
		if (part.at !== undefined) this.loadState();
	}

	/** Takes over the address, after back or forward. */
	restore(search: URLSearchParams): void {
		clearTimeout(this.#writing);
		this.#takeOver(parseView(search));
	}

	/** Shows another view (what follows the `?` of its address) as a step of the history. */
	openView(query: string): void {
		this.#write(query && `?${query}`, true);
		clearTimeout(this.#writing);
		this.#takeOver(parseQuery(query));
	}

	/** Shows what an address says, the window too: it may leave the cursor out. */
	#takeOver(view: ViewState): void {
		this.view = view;
		this.#unseen = null;
		this.loadState();
	}

	/** Tells that a heat map came, or failed to. */
	firstPicture(): void {
		this.#pictured = true;
	}

	/** Tells that a picture is on its way; call the answer once when it is there or given up. */
	awaitPicture(): () => void {
		this.#awaited++;
		let open = true;
		return () => {
			if (open) this.#awaited--;
			open = false;
		};
	}

	/** Whether all pictures asked for have come. */
	get settled(): boolean {
		return this.#awaited === 0;
	}

	/** Takes over what a session has grown to; a window or cursor at its end stays at the end. */
	grow({ session, used }: WorkbenchData): void {
		const former = this.session;
		if (session.events < former.events) return;
		const { time, at } = this.view;
		this.session = session;
		this.used = rangesByLane(used);
		this.outside = used.outside;
		if (time) this.show(stickToEnd(time, former.endNs + 1, this.whole));
		if (atEnd(at, former)) this.change({ at: { seq: session.events }, time: this.view.time });
		else if (!at) this.loadState();
	}

	/** Asks for the state at the cursor; while one is on its way only the newest wish waits. */
	loadState(): void {
		// without a wish: the end of what grows, else the middle, where there is something to see
		const { endNs, events } = this.session;
		const at = this.view.at ?? (this.following ? { seq: events } : { tsNs: Math.floor(endNs / 2) });
		const [name, value] = positionParam(at);
		const most = name === 'seq' ? String(Math.min(Number(value), this.session.events)) : value;
		this.#states.ask(() => getState(this.session.id, { [name]: most }));
	}

	#arrived(state: StateView): void {
		this.now = state;
		this.stateFailed = '';
		const unseen = this.#unseen;
		if (!unseen || unseen !== this.view.at || !('seq' in unseen) || unseen.seq !== state.seq) return;
		this.#unseen = null;
		const time = this.#windowWith(state.tsNs);
		if (time !== this.view.time) this.change({ time });
	}

	/** The window, moved if a time is not in it; null if it is the whole session. */
	#windowWith(tsNs: number): Range | null {
		const { from, to } = this.time;
		return tsNs >= from && tsNs < to ? this.view.time : reveal(this.time, tsNs, this.whole);
	}

	/** The time window; the whole session is told as null. */
	show(time: Range, step = false): void {
		this.change({ time: sameRange(time, this.whole) ? null : time }, step);
	}

	showAll(): void {
		this.change({ time: null, gfns: {} }, true);
	}

	zoom(at: number, factor: number): void {
		this.show(zoomRange(this.time, at, factor, { limits: this.whole, minSpan: LEAST_TIME }));
	}

	pan(deltaNs: number): void {
		this.show(panRange(this.time, deltaNs, this.whole));
	}

	zoomGfns(lane: LaneInfo, gfn: number, factor: number): void {
		const limits = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
		this.#setGfns(lane, zoomRange(this.gfnsOf(lane), gfn, factor, { limits, minSpan: LEAST_GFNS }));
	}

	panGfns(lane: LaneInfo, delta: number): void {
		const limits = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
		this.#setGfns(lane, panRange(this.gfnsOf(lane), delta, limits));
	}

	/** Selects a page of a lane where it can be seen: opens the lane, moves the gfns it is zoomed to. */
	goToPage(lane: LaneInfo, gfn: number): void {
		const { turned, gfns } = this.view;
		const zoomed = gfns[lane.lane];
		const limits = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
		const hidden = zoomed && (gfn < zoomed.from || gfn >= zoomed.to);
		const part = {
			turned: this.isFolded(lane) ? this.#withTurned(lane.lane) : turned,
			gfns: hidden ? { ...gfns, [lane.lane]: reveal(zoomed, gfn, limits) } : gfns
		};
		this.change({ page: gfn, tab: 'page', ...part }, true);
	}

	#setGfns(lane: LaneInfo, range: Range): void {
		const { [lane.lane]: _, ...others } = this.view.gfns;
		const whole = range.to - range.from >= lane.npages;
		this.change({ gfns: whole ? others : { ...others, [lane.lane]: range } });
	}

	/** Goes on by a number of events from where the cursor is or, while its state is on the way, will be. */
	stepEvents(by: number): void {
		const { at } = this.view;
		this.goTo((at && 'seq' in at ? at.seq : this.seq) + by);
	}

	/** Drags the cursor to a time, not beyond the window's edges. */
	dragCursor(tsNs: number): void {
		const { from, to } = this.time;
		const last = Math.min(to - 1, this.session.endNs);
		this.change({ at: { tsNs: Math.max(from, Math.min(last, Math.floor(tsNs))) } });
	}

	/** Puts the cursor right before an event. */
	goTo(seq: number): void {
		this.change({ at: { seq: Math.max(0, Math.min(this.session.events, seq)) } });
	}

	/** To the next (or former) event that changes what is tracked. */
	async stepChange(direction: 1 | -1): Promise<void> {
		await this.#step({ what: 'tracking' }, direction);
	}

	/** To the next (or former) event on the selected page. */
	async stepPage(direction: 1 | -1): Promise<void> {
		const { page } = this.view;
		if (page !== null) await this.#step({ what: 'page', gfn: page }, direction);
	}

	async #step(query: Record<string, string | number>, direction: 1 | -1): Promise<void> {
		const dir = direction > 0 ? 'next' : 'previous';
		const { event } = await getStep(this.session.id, { ...query, seq: this.seq, dir });
		if (event) this.goTo(event.seq);
	}
}

import { SvelteMap } from 'svelte/reactivity';
import type { ComparedGrid, Comparison } from '#lib/api/compare-types.ts';
import type { LanePair } from '#lib/domain/lane-pairs.ts';
import { getSession, type Query } from '#lib/api/client.ts';
import { getComparison } from '#lib/api/compare-client.ts';
import type { SessionDetail } from '#lib/api/types.ts';
import { whileVisible } from '#lib/components/common/while-visible.ts';
import { lanePairs } from '#lib/domain/lane-pairs.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import {
	type CompareView,
	formatCompare,
	parseCompare,
	type SideName,
	SIDES,
	type SideView,
	swapped
} from '#lib/view/compare-view.ts';
import { QUIET_SHARE } from '#lib/view/lane-layout.ts';
import { modesText } from '#lib/view/mode-choice.ts';
import { clampRange, type Range, sameRange } from '#lib/view/range.ts';
import { type RatioColumns, ratioLimit } from '#lib/view/ratio-colour.ts';
import { sharedColumns, sideFactor } from '#lib/view/compared-cells.ts';

const POLL_MS = 2000;

/** Writes the address: `push` makes an entry of its own in the browser's history. */
export type WriteAddress = (search: string, push: boolean) => void;

/** Both sides, once both sessions are known. */
export interface BothSides {
	readonly a: SessionDetail;
	readonly b: SessionDetail;
}

/** What the compare page shows and does: components read it and call its methods. */
export class Comparing {
	view = $state.raw() as CompareView; // set by the constructor
	/** The sessions of both sides as far as they are known. */
	readonly sessions = new SvelteMap<string, SessionDetail>();
	/** Why a session is not known, by id. */
	readonly unknown = new SvelteMap<string, string>();
	/** The newest answer, and the question that it answers. */
	answer = $state.raw<{ readonly key: string; readonly data: Comparison } | null>(null);
	failed = $state('');
	/** Grids on the screen, by pair. */
	readonly grids = new SvelteMap<number, ComparedGrid>();
	/** Width of the page's content. */
	width = $state(1200);

	// one after another, so that what follows from the sessions is made anew only when one of them is another
	readonly #a = $derived(this.session('a'));
	readonly #b = $derived(this.session('b'));
	readonly both: BothSides | null = $derived(this.#a && this.#b ? { a: this.#a, b: this.#b } : null);
	/** Clocks that count different things: lengths cannot be compared. */
	readonly clocksDiffer = $derived(this.both !== null && this.both.a.clock !== this.both.b.clock);
	readonly align = $derived(this.clocksDiffer ? 'fraction' : this.view.align);
	readonly normalise = $derived(this.clocksDiffer ? 'none' : this.view.normalise);
	/** Parameters of both routes; null while a side is missing. */
	readonly query: Query | null = $derived.by(() => {
		if (!this.both || !this.view.modes.length) return null;
		const { a, b } = this.both;
		return {
			...{ a: a.id, b: b.id },
			...{
				aFrom: this.time('a').from,
				aTo: this.time('a').to,
				bFrom: this.time('b').from,
				bTo: this.time('b').to
			},
			kinds: modesText(this.view.modes) ?? undefined,
			normalise: this.normalise === 'none' ? undefined : this.normalise
		};
	});
	readonly question: Query | null = $derived(
		this.query && { ...this.query, order: this.view.order, more: this.view.more, limit: this.view.limit }
	);
	readonly key = $derived(JSON.stringify(this.question));
	/** Whether the answer belongs to the view. */
	readonly fresh = $derived(this.answer?.key === this.key);
	/** Pairs of lanes of the present sessions, the highest gfns first. */
	readonly pairs: readonly LanePair[] = $derived.by(() => {
		const { both } = this;
		return (both ? lanePairs(both.a, both.b) : []).sort(
			(x, y) => x.asId - y.asId || y.baseGfn - x.baseGfn || y.npages - x.npages
		);
	});
	readonly open = $derived(this.pairs.filter((pair) => !this.isFolded(pair)));
	readonly folded = $derived(this.pairs.filter((pair) => this.isFolded(pair)));
	/** Largest count of all maps, after scaling: one colour scale for all. */
	readonly max = $derived(
		Math.max(
			1,
			...[...this.grids.values()].flatMap((grid) =>
				SIDES.map((side) => Math.round(largest(grid[side].cells) * sideFactor(grid, side, this.normalise)))
			)
		)
	);
	readonly ratioLimit = $derived(
		ratioLimit([...this.grids.values()].map((grid) => [grid, this.shared(grid)]))
	);

	readonly #write: WriteAddress;
	#writing: ReturnType<typeof setTimeout> | undefined;

	constructor(known: readonly SessionDetail[], search: URLSearchParams, write: WriteAddress) {
		for (const session of known) this.sessions.set(session.id, session);
		this.view = parseCompare(search);
		this.#write = write;
	}

	session(side: SideName): SessionDetail | null {
		const { id } = this.view[side];
		return (id !== null && this.sessions.get(id)) || null;
	}

	/** The whole time of a side's session. */
	whole(side: SideName): Range {
		return { from: 0, to: (this.session(side)?.endNs ?? 0) + 1 };
	}

	/** The window of a side, cut to its session. */
	time(side: SideName): Range {
		const { time } = this.view[side];
		return time ? clampRange(time, this.whole(side)) : this.whole(side);
	}

	/** The columns of a grid, and those that both windows have. */
	shared(grid: ComparedGrid): RatioColumns {
		const columns = sharedColumns(grid, { a: this.time('a'), b: this.time('b') });
		return { columns, of: grid.columns };
	}

	/** A pair's lane on a side. */
	lane(pair: LanePair, side: SideName): LaneInfo | null {
		const at = pair[side];
		return at === null ? null : (this.session(side)?.lanes[at] ?? null);
	}

	gfnsOf(pair: LanePair): Range {
		return this.view.gfns[pair.pair] ?? { from: pair.baseGfn, to: pair.baseGfn + pair.npages };
	}

	/** Pairs with hardly any access on both sides are closed, unless the view turned them. */
	isFolded(pair: LanePair): boolean {
		const quiet = SIDES.every((side) => {
			const all = this.session(side)?.lanes.reduce((sum, lane) => sum + lane.accesses, 0) ?? 0;
			return (this.lane(pair, side)?.accesses ?? 0) <= all * QUIET_SHARE;
		});
		return quiet !== this.view.turned.includes(pair.pair);
	}

	turn(pair: number): void {
		const { turned } = this.view;
		const others = turned.filter((each) => each !== pair);
		this.change({ turned: others.length < turned.length ? others : [...turned, pair] }, true);
		this.grids.delete(pair);
	}

	/** Changes the view; `step` makes it an entry of the history, else it replaces the present one. */
	change(part: Partial<CompareView>, step = false): void {
		this.view = { ...this.view, ...part };
		clearTimeout(this.#writing);
		if (step) this.#write(formatCompare(this.view), true);
		else this.#writing = setTimeout(() => this.#write(formatCompare(this.view), false), 150);
	}

	/** Chooses a session or a window of a side; the whole session is told as null. */
	choose(side: SideName, wish: SideView, step = false): void {
		const same = wish.id === this.view[side].id;
		const time = same && wish.time && sameRange(wish.time, this.whole(side)) ? null : wish.time;
		// other sessions have other lanes
		this.change({ [side]: { ...wish, time }, ...(same ? {} : { gfns: {}, turned: [] }) }, step);
	}

	swap(): void {
		this.grids.clear();
		this.change(swapped(this.view), true);
	}

	setGfns(pair: LanePair, range: Range | null): void {
		const { [pair.pair]: _, ...others } = this.view.gfns;
		const whole = { from: pair.baseGfn, to: pair.baseGfn + pair.npages };
		const cut = range && clampRange(range, whole);
		this.change({ gfns: !cut || sameRange(cut, whole) ? others : { ...others, [pair.pair]: cut } }, true);
	}

	/** Takes over the address, after back or forward. */
	restore(search: URLSearchParams): void {
		clearTimeout(this.#writing);
		this.view = parseCompare(search);
	}

	/** Asks for the sessions that are chosen and not known yet. */
	async loadSessions(): Promise<void> {
		for (const side of SIDES) {
			const { id } = this.view[side];
			if (id === null || this.sessions.has(id) || this.unknown.has(id)) continue;
			try {
				this.sessions.set(id, await getSession(id));
			} catch (error) {
				this.unknown.set(id, (error as Error).message);
			}
		}
	}

	/** Takes over sessions as they are now, those that may still grow, while the page shows; returns what ends that. */
	follow(): () => void {
		return whileVisible(() => void this.#grow(), POLL_MS);
	}

	async #grow(): Promise<void> {
		for (const { id, events, complete } of this.sessions.values()) {
			if (complete || SIDES.every((side) => this.view[side].id !== id)) continue;
			const now = await getSession(id).catch(() => null); // asked again later
			if (now && (now.events !== events || now.complete)) this.sessions.set(id, now);
		}
	}

	/** Asks for the comparison of the view. */
	async load(question: Query, key: string, signal: AbortSignal): Promise<void> {
		try {
			const data = await getComparison(question, signal);
			this.answer = { key, data };
			this.failed = '';
		} catch (error) {
			if (!signal.aborted) this.failed = (error as Error).message;
		}
	}
}

const largest = (cells: readonly number[]): number => cells.reduce((most, cell) => Math.max(most, cell), 0);

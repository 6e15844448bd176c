import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { getGrid } from '#lib/api/client.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import { drawnUrl } from './grid-questions.ts';
import type { Workbench } from './workbench.svelte.ts';

/** The hand rests for so long before anything is counted. */
const REST_MS = 150;

/** How many accesses of each open lane the view draws. To be made while a component is set up. */
export class DrawnCounts {
	readonly #bench: Workbench;
	/** The newest answer for each lane, with the address that it answers. */
	readonly #answers = new SvelteMap<number, { readonly url: string; readonly count: number }>();
	/** A text, so that a view that changes elsewhere asks for nothing. */
	readonly #open = $derived.by(() =>
		this.#bench.open.map((lane) => `${lane.lane} ${drawnUrl(this.#bench, lane)}`).join('\n')
	);

	constructor(bench: Workbench) {
		this.#bench = bench;
		$effect(() => this.#ask(this.#open.split('\n')));
	}

	/** Accesses in the window, gfns and modes that the lane shows; null while they are counted. */
	of(lane: LaneInfo): number | null {
		if (!this.#bench.view.modes.length) return 0;
		const url = drawnUrl(this.#bench, lane);
		if (!url) return lane.accesses;
		const answer = this.#answers.get(lane.lane);
		return answer?.url === url ? answer.count : null;
	}

	#ask(lanes: readonly string[]): () => void {
		const stop = new AbortController();
		const timer = setTimeout(() => {
			for (const each of lanes) {
				const [lane = '', url = ''] = each.split(' ');
				if (!url || untrack(() => this.#answers.get(Number(lane))?.url === url)) continue;
				getGrid(url, stop.signal).then(
					({ total }) => this.#answers.set(Number(lane), { url, count: total }),
					() => {} // the heat map tells what is wrong
				);
			}
		}, REST_MS);
		return () => {
			clearTimeout(timer);
			stop.abort();
		};
	}
}

import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { heatMap, type HeatGrid } from './heat-map.ts';
import { remembered } from './result-cache.ts';

/** A small heat map of the lane with most accesses, from the pyramid; null if nothing was accessed. */
export async function thumbnail(
	store: TraceStore,
	session: SessionDetail,
	size: { readonly columns: number; readonly rows: number }
): Promise<HeatGrid | null> {
	const [busiest] = [...session.lanes].sort((a, b) => b.accesses - a.accesses);
	if (!busiest?.accesses) return null;
	const make = () =>
		heatMap(store, session, {
			lane: busiest.lane,
			kinds: ACCESS_KINDS,
			time: { from: session.startNs, to: session.endNs + 1 },
			gfn: { from: busiest.baseGfn, to: busiest.baseGfn + busiest.npages },
			...size,
			value: 'sum',
			align: true
		});
	return remembered(store, session, ['thumbnail', size], make);
}

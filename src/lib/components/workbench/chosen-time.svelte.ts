import { getRows } from '#lib/api/client.ts';
import type { SessionInfo } from '#lib/api/types.ts';
import type { Range } from '#lib/view/range.ts';

/** When the rows chosen in the event table happened: from the first event to right behind the last. */
export class ChosenTime {
	/** Null while no range is chosen, and until the first answer. */
	time = $state.raw<Range | null>(null);

	/** Asks for the times of the session's events `[from, to)`; an answer after `signal` ended is not taken. */
	async load(session: SessionInfo, rows: Range | null, signal: AbortSignal): Promise<void> {
		const time = rows && (await timeOf(session, rows, signal).catch(() => null));
		if (!signal.aborted) this.time = time;
	}
}

async function timeOf({ id, events }: SessionInfo, rows: Range, signal: AbortSignal): Promise<Range | null> {
	const at = async (seq: number) => (await getRows(id, { seq, limit: 1 }, signal)).events[0]?.t;
	const [from, to] = await Promise.all([at(rows.from), at(Math.min(rows.to, events) - 1)]);
	return from === undefined || to === undefined ? null : { from, to: to + 1 };
}

import { getEvents } from '#lib/api/client.ts';
import type { SessionDetail, WireEvent } from '#lib/api/types.ts';
import { hvaOf } from '#lib/view/event-fields.ts';
import { eventGfn } from '#lib/domain/event-line.ts';

/** Host addresses of memslots by the event that made them; null: the source does not tell. */
const known = new Map<string, string | null>();

/**
 * Where the host finds the byte that an event is about, from the memslot that held its page; null if no slot did or
 * the source does not tell its host address. @throws {ApiProblem}
 */
export async function hostAddress(session: SessionDetail, event: WireEvent): Promise<string | null> {
	const gfn = eventGfn(event);
	if (gfn === null || event.ua !== undefined) return null;
	const slot = session.memslots.findLast(
		(each) =>
			each.asId === (event.as ?? 0) &&
			gfn >= each.baseGfn &&
			gfn < each.baseGfn + each.npages &&
			each.createdSeq < event.seq &&
			(each.deletedSeq === null || each.deletedSeq >= event.seq)
	);
	if (!slot) return null;
	const key = `${session.id} ${session.createdMs} ${slot.createdSeq}`;
	let ua = known.get(key);
	if (ua === undefined) {
		const [made] = (await getEvents(session.id, { from: slot.createdSeq, limit: 1 })).events;
		ua = typeof made?.ua === 'string' ? made.ua : null;
		known.set(key, ua);
	}
	return ua === null ? null : hvaOf(ua, slot.baseGfn, event);
}

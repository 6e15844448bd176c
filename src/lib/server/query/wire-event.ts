import type { WireEvent } from '#lib/api/types.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { toWire } from '#lib/domain/native.ts';

/** An event as the API shows it: the native line with `seq` in front. */
export const wireEvent = (event: NumberedEvent): WireEvent =>
	({ seq: event.seq, ...toWire(event) }) as unknown as WireEvent; // every native line has t and k

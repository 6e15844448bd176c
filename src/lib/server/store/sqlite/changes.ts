import {
	COLUMN_DEFAULTS,
	COLUMNS,
	createBatch,
	type ColumnName,
	type EventBatch
} from '#lib/domain/batch.ts';
import { changesState } from '#lib/domain/kinds.ts';
import { compress, decompress } from './codec.ts';

/** Beside the columns of a segment; see `changes`. */
export const CHANGES_COLUMN = 29;

/** A segment's events are mostly accesses if at most one in so many changes the state. */
const RARE = 16;

/** The state-changing events of a segment, and the index of each in it. */
export interface Changes {
	readonly at: readonly number[];
	readonly batch: EventBatch;
}

interface Stored {
	readonly at: readonly number[];
	readonly columns: readonly (readonly [ColumnName, readonly number[]])[];
	readonly payload: readonly (readonly [number, string])[];
}

/**
 * A copy of a batch's state-changing events if they are few, null otherwise: a replay reads this and leaves the
 * columns alone.
 */
export function encodeChanges(batch: EventBatch): Buffer | null {
	const kinds = batch.kind.subarray(0, batch.length);
	const at: number[] = [];
	for (let i = 0; i < kinds.length; i++) if (changesState(kinds[i] as number)) at.push(i);
	if (at.length === 0 || at.length * RARE > batch.length) return null;
	const columns = COLUMNS.map((name) => [name, at.map((i) => batch[name][i] as number)] as const);
	const stored: Stored = {
		at,
		columns: columns.filter(([name, values]) => values.some((value) => value !== COLUMN_DEFAULTS[name])),
		payload: at.flatMap((i, n) => {
			const text = batch.payload.get(i);
			return text === undefined ? [] : [[n, text] as const];
		})
	};
	return compress(Buffer.from(JSON.stringify(stored)), 3);
}

/** Reads what `encodeChanges` wrote. */
export function decodeChanges(blob: Buffer): Changes {
	const { at, columns, payload } = JSON.parse(decompress(blob).toString()) as Stored;
	const batch = createBatch(at.length);
	batch.length = at.length;
	for (const [name, values] of columns) batch[name].set(values);
	for (const [n, text] of payload) batch.payload.set(n, text);
	return { at, batch };
}

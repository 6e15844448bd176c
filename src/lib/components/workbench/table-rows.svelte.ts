import { getRows } from '#lib/api/client.ts';
import type { WireEvent } from '#lib/api/types.ts';
import { eventCell, tsvLine } from '#lib/domain/event-columns.ts';
import { eventGfn } from '#lib/domain/event-line.ts';
import { copyText, notice } from '#lib/components/common/notice.svelte.ts';
import { formatCount, formatInt } from '#lib/view/format.ts';
import type { Range } from '#lib/view/range.ts';
import type { Workbench } from './workbench.svelte.ts';

/** Most rows that go to the clipboard; more are for a file. */
const MOST_COPIED = 20_000;
const PAGE = 10_000;

export type TableFields = Readonly<Record<string, string>>;

/**
 * What is chosen in the event table: the row of the cursor, and a range of rows. Rows are numbered among the events
 * that the table lists; the range is kept by the events' numbers, so that it stays what it is under another filter.
 */
export class TableSelection {
	/** Row of the cursor's event, or of the first event after it that is listed. */
	row = $state(0);
	/** Whether the cursor is at an event that is listed. */
	listed = $state(false);
	readonly #bench: Workbench;
	readonly #fields: () => TableFields;
	/** End of the range that stays while the other moves. */
	#anchor: number | null = null;
	/** Row that keys ask for; answers may overtake each other. */
	#wanted: number | null = null;

	constructor(bench: Workbench, fields: () => TableFields) {
		this.#bench = bench;
		this.#fields = fields;
	}

	/** Numbers `[from, to)` of the chosen events; null if no range is chosen. */
	get range(): Range | null {
		return this.#bench.view.rows;
	}

	holds(seq: number): boolean {
		const { range } = this;
		return range !== null && seq >= range.from && seq < range.to;
	}

	/** A row was found for the cursor at `seq`; an answer that a key overtook says nothing. */
	found(seq: number, row: number, listed: boolean): void {
		const { at } = this.#bench.view;
		if (at && 'seq' in at && at.seq !== seq) return;
		this.row = row;
		this.listed = listed;
	}

	/** Puts the cursor to an event; `extend` chooses all rows from the anchor to it, `step` is one of the history. */
	choose(event: WireEvent, { extend, step }: { extend: boolean; step: boolean }): void {
		const bench = this.#bench;
		const anchor = extend ? (this.#anchor ?? bench.seq) : event.seq;
		this.#anchor = anchor;
		const rows = extend ? { from: Math.min(anchor, event.seq), to: Math.max(anchor, event.seq) + 1 } : null;
		bench.change({ at: { seq: event.seq }, page: eventGfn(event) ?? bench.view.page, rows }, step);
	}

	clear(): void {
		this.#anchor = null;
		this.#bench.change({ rows: null }, true);
	}

	/** Goes by rows, or to the first (`-Infinity`) or last (`Infinity`) one. */
	async step(by: number, total: number, extend: boolean): Promise<void> {
		if (total === 0) return;
		const from = this.#wanted ?? (this.listed || by < 0 ? this.row : this.row - 1);
		const row = Math.max(0, Math.min(total - 1, from + by));
		this.#wanted = row;
		const { events } = await getRows(this.#bench.session.id, { ...this.#fields(), row, limit: 1 });
		if (this.#wanted !== row) return;
		this.#wanted = null;
		if (!events[0]) return;
		this.row = row;
		this.listed = true;
		this.choose(events[0], { extend, step: false });
	}

	/** What of the list a copy or a download takes, as the API's fields: the range, else everything listed. */
	readonly scope = $derived.by((): TableFields => {
		const rows = this.#bench.view.rows;
		return rows ? { ...this.#fields(), from: String(rows.from), to: String(rows.to) } : this.#fields();
	});

	/** First row and number of rows of the scope. */
	async #rows(): Promise<{ first: number; count: number }> {
		const { id } = this.#bench.session;
		const rowOf = async (seq: number) => (await getRows(id, { ...this.#fields(), seq, limit: 1 })).row;
		const rows = this.#bench.view.rows;
		if (!rows) return { first: 0, count: (await getRows(id, { ...this.#fields(), limit: 1 })).total };
		const first = await rowOf(rows.from);
		return { first, count: (await rowOf(rows.to)) - first };
	}

	/** How many listed events the range holds. */
	async count(): Promise<number> {
		return (await this.#rows()).count;
	}

	/** Copies the scope as tab-separated text with a heading, in the columns of the table. */
	async copy(): Promise<void> {
		const { columns } = this.#bench.view;
		try {
			const { first, count } = await this.#rows();
			if (count > MOST_COPIED)
				return notice.show(
					`${formatInt(count)} rows are too many to copy (${formatInt(MOST_COPIED)} at most). Download them, or choose fewer.`
				);
			const lines = [tsvLine(columns)];
			for (let row = first; row < first + count; row += PAGE) {
				const limit = Math.min(PAGE, first + count - row);
				const { events } = await getRows(this.#bench.session.id, { ...this.#fields(), row, limit });
				for (const event of events) lines.push(tsvLine(columns.map((column) => eventCell(event, column))));
			}
			await copyText(`${lines.join('\n')}\n`, formatCount(count, 'row'));
		} catch (error) {
			notice.show(`Nothing copied: ${(error as Error).message}`);
		}
	}
}

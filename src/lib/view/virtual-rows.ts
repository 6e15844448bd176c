/** Tallest box that browsers lay out exactly; a longer list scrolls in larger steps. */
const TALLEST = 6_000_000;

/** A list of rows of equal height in a box that shows `boxHeight` pixels of it. */
export interface RowList {
	readonly total: number;
	readonly rowHeight: number;
	readonly boxHeight: number;
}

/** Height of the list's box; below the rows' real height for very long lists. */
export const listHeight = (list: RowList): number => Math.min(TALLEST, list.total * list.rowHeight);

/** True if a scrollbar pixel stands for more than a pixel of rows: the wheel must then be handled by hand. */
export const isScaled = (list: RowList): boolean => list.total * list.rowHeight > TALLEST;

/** Largest first row, fractions included: the last rows are then at the bottom of the box. */
export const lastTop = (list: RowList): number => Math.max(0, list.total - list.boxHeight / list.rowHeight);

/** First row (with fraction) that a scroll position shows. */
export function topOfScroll(list: RowList, scrollTop: number): number {
	const room = listHeight(list) - list.boxHeight;
	return room <= 0 ? 0 : Math.min(1, Math.max(0, scrollTop / room)) * lastTop(list);
}

/** Scroll position that shows a first row. */
export function scrollOfTop(list: RowList, top: number): number {
	const last = lastTop(list);
	return last === 0 ? 0 : (top / last) * (listHeight(list) - list.boxHeight);
}

/** First row nearest to the present one that shows `row` entirely. */
export function revealRow(list: RowList, top: number, row: number): number {
	const whole = Math.max(1, Math.floor(list.boxHeight / list.rowHeight));
	const next = row < top ? row : row + 1 > top + whole ? row + 1 - whole : top;
	return Math.min(lastTop(list), Math.max(0, next));
}

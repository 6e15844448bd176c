import { parseFilterText } from '#lib/domain/filter-text.ts';
import type { ViewState } from './view-state.ts';

/** What the lanes go by. */
export type FilteredView = Pick<ViewState, 'filter' | 'filterLanes'>;

/**
 * The filter text that lanes and overview go by; undefined if they show everything: the switch is off, or the text is
 * empty or has mistakes, by which the event table does not go either.
 */
export const lanesFilter = ({ filter, filterLanes }: FilteredView): string | undefined =>
	filterLanes && filter.trim() && !parseFilterText(filter).issues.length ? filter.trim() : undefined;

/** The same as a condition of a picture; none without a filter. */
export function filterConditions(view: FilteredView): string[] {
	const filter = lanesFilter(view);
	return filter === undefined ? [] : [`filter ${filter}`];
}

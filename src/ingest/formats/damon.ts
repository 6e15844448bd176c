import { asPlace, Fields, FieldError } from './ftrace/fields.ts';
import type { Handler } from './ftrace/context.ts';
import { skipped } from './text-scanner.ts';

/** `target_id=0 nr_regions=11 122509119488-135708762112: 0 864`; 5.15 prints no age. */
const TEXT = /^target_id=(\d+) nr_regions=(\d+) (\d{1,20})-(\d{1,20}): (\d{1,9})(?: (\d{1,15}))?\s*$/;
const IDLE = skipped('idle-region', 'no access was seen in this region');

/**
 * `damon_aggregated` (include/trace/events/damon.h): how many samples found a region accessed. Whether it was read or
 * written DAMON does not know: it counts as read, derived; the sample count stays as `nr_accesses`.
 */
export const damonAggregated: Handler = ({ body, tsNs }, context) => {
	const found = TEXT.exec(body);
	const raw = found ? null : new Fields(body);
	const start = found ? BigInt(found[3] ?? 0) : raw?.word('start');
	const end = found ? BigInt(found[4] ?? 0) : raw?.word('end');
	const accesses = found ? Number(found[5]) : raw?.number(2 ** 32, 'nr_accesses');
	const target = found ? found[1] : raw?.text('target_id');
	const ages = found ? found[6] : raw?.text('age');
	const age = ages !== undefined && /^\d{1,15}$/.test(ages) ? Number(ages) : undefined;
	if (start === undefined || end === undefined || accesses === undefined || target === undefined) return null;
	if (end <= start) throw new FieldError('bad-value', `the region ends at ${end}, before it begins`);
	if (accesses === 0) return IDLE;
	const { gfn } = asPlace(start);
	const last = asPlace(end - 1n).gfn;
	const npages = last - gfn + 1;
	if (npages > 2 ** 26) throw new FieldError('bad-value', `the region has ${npages} pages`);
	for (const slot of context.windows.touch(tsNs, gfn, npages)) context.emit(slot);
	const extra = { target_id: target, nr_accesses: accesses, ...(age !== undefined && { age }) };
	for (const part of context.windows.parts(gfn, npages))
		context.emit({
			...{ kind: 'preread', tsNs, gfn: part.gfn, derived: true, extra },
			...(part.npages > 1 && { npages: part.npages })
		});
	return 'event';
};

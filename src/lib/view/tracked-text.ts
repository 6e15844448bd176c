import type { LossSpan } from '#lib/api/types.ts';
import type { ModeCounts } from '#lib/api/analyses-types.ts';
import type { TrackedCell } from '#lib/api/tracking-types.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { type Clock, formatCount, formatInt, formatTime } from './format.ts';

/** `prewrite 4, write 2`, or one number for all four modes if they are alike. */
function modesText(counts: ModeCounts): string {
	const numbers = MODES.map((mode) => counts[mode]);
	const [first = 0] = numbers;
	if (numbers.every((each) => each === first)) return `in every mode ${formatInt(first)}`;
	return MODES.filter((mode) => counts[mode] > 0)
		.map((mode) => `${mode} ${formatInt(counts[mode])}`)
		.join(', ');
}

const some = (counts: ModeCounts): boolean => MODES.some((mode) => counts[mode] > 0);

/**
 * What a tooltip says of a cell's pages at its column's end: how many are tracked (counters), or would notify (armed by
 * a policy and not silent); none where nothing is known.
 */
export function trackedLines({ pages, tracked, armed, silent }: TrackedCell): string[] {
	const of = `of ${formatCount(pages, 'page')}`;
	const lines: string[] = [];
	if (tracked)
		lines.push(
			some(tracked)
				? `tracked at this column’s end: ${modesText(tracked)} ${of}`
				: 'tracked at this column’s end: nothing'
		);
	if (!armed) return lines;
	if (!some(armed)) return [...lines, 'the source arms no page here'];
	const left = Object.fromEntries(
		MODES.map((mode) => [mode, armed[mode] - (silent?.[mode] ?? 0)])
	) as unknown as ModeCounts; // of all modes
	const would = some(left) ? `${modesText(left)} ${of}` : 'nothing';
	const why = silent && some(silent) ? `; silent until the next epoch: ${modesText(silent)}` : '';
	return [...lines, `would notify at this column’s end: ${would}${why}`];
}

/** Where events were lost: somewhere in a time, both ends included, never at one place of it. */
export function lossText({ startNs, endNs, count, vcpuId }: LossSpan, clock: Clock): string {
	const what = count === null ? 'an unknown number of events' : formatCount(count, 'event');
	const whose = vcpuId === null ? '' : ` of vCPU ${vcpuId}`;
	if (startNs === endNs) return `${what}${whose} lost at ${formatTime(startNs, clock)}, in any lane`;
	return `${what}${whose} lost somewhere in [${formatTime(startNs, clock)}, ${formatTime(endNs, clock)}], in any lane`;
}

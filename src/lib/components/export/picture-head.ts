import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { formatDuration, formatTime } from '#lib/view/format.ts';
import type { Theme } from '#lib/view/palette.ts';
import type { PictureHead } from '#lib/view/picture.ts';

/** The head of a picture of the bench; `conditions` are what narrows it besides the modes. */
export function pictureHead(
	bench: Workbench,
	{
		title,
		theme,
		conditions,
		modal = true
	}: { title: string; theme: Theme; conditions: readonly string[]; modal?: boolean }
): PictureHead {
	const { time, clock, session } = bench;
	const { modes } = bench.view;
	const whole = bench.view.time === null ? 'the whole session, ' : '';
	const shown = modes.length === MODES.length ? 'all modes' : `modes ${modes.join(', ') || 'none'}`;
	return {
		...{ title, theme },
		session: session.source ? `${session.name} (${session.source})` : session.name,
		window: `${whole}[${formatTime(time.from, clock)}, ${formatTime(time.to, clock)}), ${formatDuration(time.to - time.from, clock)}`,
		filter: [...(modal ? [shown] : []), ...conditions].join(' · ') || 'none'
	};
}

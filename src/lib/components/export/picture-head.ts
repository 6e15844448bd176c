import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import { formatDuration, formatTime } from '#lib/view/format.ts';
import type { Theme } from '#lib/view/palette.ts';
import { modesLabel } from '#lib/view/mode-choice.ts';
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
	return {
		...{ title, theme },
		session: session.source ? `${session.name} (${session.source})` : session.name,
		window: `${whole}[${formatTime(time.from, clock)}, ${formatTime(time.to, clock)}), ${formatDuration(time.to - time.from, clock)}`,
		filter: [...(modal ? [modesLabel(modes)] : []), ...conditions].join(' · ') || 'none'
	};
}

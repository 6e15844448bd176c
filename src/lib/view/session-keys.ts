import { MODES } from '#lib/domain/kinds.ts';

/** What a key of the session page asks for. */
export type KeyAction =
	| { readonly do: 'step'; readonly by: 1 | -1; readonly over: 'event' | 'change' | 'page' }
	| { readonly do: 'zoom'; readonly factor: number }
	/** By a share of the window's length. */
	| { readonly do: 'pan'; readonly by: number }
	| { readonly do: 'mode'; readonly index: number }
	| { readonly do: 'first' | 'end' | 'all' | 'time' | 'page' | 'filter' | 'note' | 'keys' };

const ZOOM_IN: KeyAction = { do: 'zoom', factor: 0.5 };
const ZOOM_OUT: KeyAction = { do: 'zoom', factor: 2 };

const ACTIONS: Readonly<Record<string, KeyAction>> = {
	Home: { do: 'first' },
	End: { do: 'end' },
	'[': { do: 'step', by: -1, over: 'page' },
	']': { do: 'step', by: 1, over: 'page' },
	'+': ZOOM_IN,
	'=': ZOOM_IN,
	'-': ZOOM_OUT,
	// as other trace viewers do
	w: ZOOM_IN,
	s: ZOOM_OUT,
	a: { do: 'pan', by: -0.25 },
	d: { do: 'pan', by: 0.25 },
	'0': { do: 'all' },
	t: { do: 'time' },
	g: { do: 'page' },
	'/': { do: 'filter' },
	n: { do: 'note' },
	'?': { do: 'keys' }
};

/** What the browser's or a field's own keys are not, as far as it matters here. */
export interface PressedKey {
	readonly key: string;
	readonly shiftKey: boolean;
	readonly ctrlKey: boolean;
	readonly metaKey: boolean;
	readonly altKey: boolean;
}

/** The action of a key; null if the page does nothing on it. */
export function keyAction(pressed: PressedKey): KeyAction | null {
	const { key, shiftKey } = pressed;
	if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
	if (key === 'ArrowLeft' || key === 'ArrowRight')
		return { do: 'step', by: key === 'ArrowLeft' ? -1 : 1, over: shiftKey ? 'change' : 'event' };
	const index = Number(key) - 1;
	if (index >= 0 && index < MODES.length) return { do: 'mode', index };
	return ACTIONS[key] ?? null;
}

/** Cells to go by, to the right and upwards; null if it is no arrow. With ctrl ten. */
export function arrowStep(pressed: PressedKey): { readonly columns: number; readonly rows: number } | null {
	const by = pressed.ctrlKey ? 10 : 1;
	if (pressed.metaKey || pressed.altKey) return null;
	switch (pressed.key) {
		case 'ArrowLeft':
			return { columns: -by, rows: 0 };
		case 'ArrowRight':
			return { columns: by, rows: 0 };
		case 'ArrowUp':
			return { columns: 0, rows: by };
		case 'ArrowDown':
			return { columns: 0, rows: -by };
		default:
			return null;
	}
}

/** Selects what takes all keys for itself while the focus is in it. */
export const KEEPS_KEYS = 'input, select, textarea, [contenteditable], dialog, [popover], details';
/** Selects what lies over the page and takes its keys wherever the focus is. */
export const OVER_PAGE = 'dialog[open], :popover-open';

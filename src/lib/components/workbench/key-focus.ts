/**
 * Attachment that tells when an element is reached by keyboard and when it is left. A click focuses the element too,
 * but does not count: the arrow keys then stay with the page. A return to the browser's window changes nothing.
 */
export const keyFocus =
	(tell: (held: boolean) => void) =>
	(node: HTMLElement | SVGElement): (() => void) => {
		let away = false;
		const stop = new AbortController();
		const { signal } = stop;
		const focus = () => {
			if (!away && node.matches(':focus-visible')) tell(true);
			away = false;
		};
		const blur = () => {
			// another window is used: the element stays the document's active one
			away = document.activeElement === node;
			if (!away) tell(false);
		};
		node.addEventListener('focus', focus, { signal });
		node.addEventListener('blur', blur, { signal });
		node.addEventListener('pointerdown', () => tell(false), { signal });
		return () => stop.abort();
	};

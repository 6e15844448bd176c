/** One short line at the bottom of the page that goes by itself; screen readers hear it. */
class Notice {
	text = $state('');
	#timer: ReturnType<typeof setTimeout> | undefined;

	show(text: string): void {
		this.text = text;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => (this.text = ''), 2600);
	}
}

export const notice = new Notice();

/** Puts text on the clipboard and says so; says what to do where the browser forbids it. */
export async function copyText(text: string, what = text): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
		notice.show(`Copied ${what}`);
	} catch {
		notice.show(`The browser does not allow copying. Select it by hand: ${text}`);
	}
}

import type { Theme } from '#lib/view/palette.ts';

const KEY = 'pagetrail-theme';

/** The theme in force: what the reader chose, else what the system wishes. */
class ThemeChoice {
	#chosen = $state<Theme | null>(null);
	#system = $state<Theme>('light');
	readonly current: Theme = $derived(this.#chosen ?? this.#system);

	/** Begins to follow the system's wish; returns what ends that. */
	follow(): () => void {
		const { theme } = document.documentElement.dataset;
		this.#chosen = theme === 'light' || theme === 'dark' ? theme : null;
		const dark = matchMedia('(prefers-color-scheme: dark)');
		const update = () => (this.#system = dark.matches ? 'dark' : 'light');
		update();
		dark.addEventListener('change', update);
		return () => dark.removeEventListener('change', update);
	}

	/** Switches to the other theme; choosing the system's own again means to follow it. */
	toggle(): void {
		const next = this.current === 'dark' ? 'light' : 'dark';
		this.#chosen = next === this.#system ? null : next;
		if (this.#chosen) document.documentElement.dataset.theme = this.#chosen;
		else delete document.documentElement.dataset.theme;
		try {
			if (this.#chosen) localStorage.setItem(KEY, this.#chosen);
			else localStorage.removeItem(KEY);
		} catch {
			// no storage: the choice lasts as long as the page
		}
	}
}

export const theme = new ThemeChoice();

import { SvelteMap } from 'svelte/reactivity';
import type { IomemAnswer, LoadedSymbols, LoadedText } from '#lib/api/names-types.ts';
import { getNames, loadIomem, loadSymbols, lookUpSymbols, removeNames } from '#lib/api/names-client.ts';
import { whileVisible } from '#lib/components/common/while-visible.ts';
import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import type { NamedRange } from '#lib/domain/iomem.ts';

const POLL_MS = 10_000;
/** Addresses of one question; more make its address too long. */
const ASKED = 400;
/** Names kept in memory. */
const KEPT = 20_000;

/** True if two answers are about the same load of a text. */
const isSame = (a: LoadedText | null, b: LoadedText | null): boolean =>
	a?.loadedMs === b?.loadedMs && a?.name === b?.name;

/** Names of the guest's code and memory, as far as texts were loaded for the session. */
export class SessionNames {
	symbols = $state.raw<LoadedSymbols | null>(null);
	iomem = $state.raw<IomemAnswer | null>(null);
	readonly ranges: readonly NamedRange[] = $derived(this.iomem?.ranges ?? []);
	/** `name+0x1f` by address; null where no symbol holds it. */
	readonly #known = new SvelteMap<string, string | null>();
	// read by nobody but this class: no need to react to it
	// eslint-disable-next-line svelte/prefer-svelte-reactivity
	readonly #wanted = new Set<string>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	readonly #bench: Workbench;

	constructor(bench: Workbench) {
		this.#bench = bench;
	}

	/** Takes over what the server has now and what is loaded elsewhere, while the page shows; returns what ends that. */
	follow(): () => void {
		void this.#load();
		return whileVisible(() => void this.#load(), POLL_MS);
	}

	/** Without an answer what was named stays so. */
	async #load(): Promise<void> {
		try {
			const { symbols, iomem } = await getNames(this.#bench.session.id);
			if (!isSame(symbols, this.symbols)) this.#take(symbols);
			if (!isSame(iomem, this.iomem)) this.iomem = iomem;
		} catch {
			// the page says elsewhere that the server does not answer
		}
	}

	/** The symbol that holds an instruction address, `name+0x1f [module]`; empty if none does or it is still asked for. */
	symbolOf(rip: string): string {
		if (!this.symbols) return '';
		const known = this.#known.get(rip);
		if (known === undefined) this.#want(rip);
		return known ?? '';
	}

	/** Loads a System.map or /proc/kallsyms in place of the former one. @throws {ApiProblem} */
	async loadSymbols(file: File, slide: string): Promise<void> {
		this.#take(await loadSymbols(this.#bench.session.id, file, slide));
	}

	/** Loads a /proc/iomem in place of the former one. @throws {ApiProblem} */
	async loadIomem(file: File): Promise<void> {
		this.iomem = await loadIomem(this.#bench.session.id, file);
	}

	/** @throws {ApiProblem} */
	async remove(kind: 'symbols' | 'iomem'): Promise<void> {
		await removeNames(this.#bench.session.id, kind);
		if (kind === 'symbols') this.#take(null);
		else this.iomem = null;
	}

	#take(symbols: LoadedSymbols | null): void {
		this.symbols = symbols;
		this.#known.clear();
		this.#wanted.clear();
	}

	#want(rip: string): void {
		this.#wanted.add(rip);
		// what is drawn in one go is asked for in one go
		if (this.#timer === undefined) this.#timer = setTimeout(() => void this.#ask(), 15);
	}

	async #ask(): Promise<void> {
		this.#timer = undefined;
		const { symbols } = this;
		const rips = [...this.#wanted].slice(0, ASKED);
		for (const rip of rips) this.#wanted.delete(rip);
		if (this.#wanted.size) this.#timer = setTimeout(() => void this.#ask(), 15);
		if (!rips.length) return;
		const answer = await lookUpSymbols(this.#bench.session.id, rips).catch(() => null);
		// other symbols may have been loaded meanwhile
		if (!answer || symbols !== this.symbols) return;
		if (this.#known.size > KEPT) this.#known.clear();
		rips.forEach((rip, i) => this.#known.set(rip, answer.symbols[i]?.text ?? null));
	}
}

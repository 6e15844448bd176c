import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A share of the sorted values: 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Frees what loading these sources left behind: collecting it is not the product's work. */
export function collectGarbage(): void {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
}

/** Milliseconds of each of `rounds` runs, each in a turn of its own as a server's requests are. */
export async function times(rounds: number, work: (round: number) => Promise<unknown>): Promise<number[]> {
	const taken: number[] = [];
	for (let round = 0; round < rounds; round++) {
		const began = performance.now();
		await work(round);
		taken.push(performance.now() - began);
		await setImmediate();
	}
	return taken;
}

/** A seeded source of numbers in [0, 1), so that every run asks the same (mulberry32). */
export function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

export interface Child<T> {
	readonly result: T;
	/** Largest resident memory of the process, bytes. */
	readonly maxRss: number;
}

/** Runs a program with this Node, reads the JSON it prints and watches its memory (on Linux). */
export function inProcess<T>(...args: string[]): Promise<Child<T>> {
	const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
	let text = '';
	let maxRss = NaN;
	const watch = setInterval(() => {
		maxRss = peakMemory(child.pid) ?? maxRss;
	}, 20);
	child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code) => {
			clearInterval(watch);
			if (code !== 0) return reject(new Error(`${args.join(' ')} ended with ${code}`));
			resolve({ result: (text ? JSON.parse(text) : null) as T, maxRss });
		});
	});
}

/** The highest resident memory that a process had so far, bytes; null where the system does not tell. */
function peakMemory(pid: number | undefined): number | null {
	try {
		const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
		return found ? Number(found[1]) * 1024 : null;
	} catch {
		return null;
	}
}

let missed = 0;
/** Prints a figure beside its bar. */
export function report(what: string, value: string, bar: string, met: boolean): void {
	if (!met) missed++;
	console.log(`${met ? 'ok  ' : 'MISS'} ${what.padEnd(52)} ${value.padStart(22)}   bar: ${bar}`);
}
export const missedBars = (): number => missed;

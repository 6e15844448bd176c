import { InvalidArgumentError } from 'commander';
import { type Mode, MODES } from '#lib/domain/kinds.ts';
import { timeOf } from '#lib/domain/time-units.ts';

/** A whole number, decimal or 0x…. @throws {InvalidArgumentError} */
export function wholeNumber(text: string): number {
	const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
	if (!Number.isSafeInteger(value))
		throw new InvalidArgumentError('it must be a whole number, decimal or 0x….');
	return value;
}

/** A whole number that an option's value must be within. @throws {InvalidArgumentError} */
export const wholeWithin =
	(from: number, to: number) =>
	(text: string): number => {
		const value = wholeNumber(text);
		if (value < from || value > to)
			throw new InvalidArgumentError(`it must be a whole number from ${from} to ${to}.`);
		return value;
	};

/** A time, as `timeOf` reads it. @throws {InvalidArgumentError} */
export function timeNs(text: string): number {
	const value = timeOf(text);
	if (!Number.isSafeInteger(value))
		throw new InvalidArgumentError('it must be a time like 12.5s, 300ms or 17000 (ns).');
	return value;
}

/** A size of memory as MiB: `512M`, `64G`, `1T`, or a plain number of MiB. @throws {InvalidArgumentError} */
export function memoryMiB(text: string): number {
	const found = /^(\d+)([MGT]?)(?:i?B)?$/i.exec(text);
	const scale = { M: 1, G: 1024, T: 1024 ** 2 }[found?.[2]?.toUpperCase() || 'M'] ?? 1;
	const value = found ? Number(found[1]) * scale : NaN;
	if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('it must be a size like 512M, 64G or 1T.');
	return value;
}

/** Modes with commas between. @throws {InvalidArgumentError} */
export function modeList(text: string): Mode[] {
	const names = text.split(',') as Mode[];
	if (names.every((name) => MODES.includes(name))) return names;
	throw new InvalidArgumentError(`they must be of ${MODES.join(', ')}.`);
}

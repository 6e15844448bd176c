import { InvalidArgumentError } from 'commander';
import { type Mode, MODES } from '#lib/domain/kinds.ts';

/** A whole number, decimal or 0x…. @throws {InvalidArgumentError} */
export function wholeNumber(text: string): number {
	const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
	if (!Number.isSafeInteger(value))
		throw new InvalidArgumentError('it must be a whole number, decimal or 0x….');
	return value;
}

/** A time: `12.5s`, `300ms`, `17us`, or without a unit a whole number of ns, else seconds. @throws {InvalidArgumentError} */
export function timeNs(text: string): number {
	const found = /^(\d+(?:\.\d+)?)(s|ms|us|ns)?$/.exec(text);
	const unit = found?.[2] ?? (text.includes('.') ? 's' : 'ns');
	const scale = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 }[unit] ?? 1;
	const value = found ? Math.round(Number(found[1]) * scale) : NaN;
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

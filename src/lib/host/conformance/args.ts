import { isObject, type JsonObject, type Script } from './vector.ts';

/** An operation that the replay does not know, or whose arguments are not of the format. */
export class VectorArgError extends Error {
	override name = 'VectorArgError';
}

/** Number argument. */
export function num(input: JsonObject, key: string): number {
	const value = input[key];
	if (typeof value !== 'number') throw new VectorArgError(`in.${key} is not a number`);
	return value;
}

/** Boolean argument. */
export function bool(input: JsonObject, key: string): boolean {
	const value = input[key];
	if (typeof value !== 'boolean') throw new VectorArgError(`in.${key} is not a boolean`);
	return value;
}

/** Text argument. */
export function str(input: JsonObject, key: string): string {
	const value = input[key];
	if (typeof value !== 'string') throw new VectorArgError(`in.${key} is not a text`);
	return value;
}

/** Array argument, empty if absent. */
export function list(input: JsonObject, key: string): readonly unknown[] {
	const value = input[key] ?? [];
	if (!Array.isArray(value)) throw new VectorArgError(`in.${key} is not an array`);
	return value;
}

/** The `script` argument; its inside is trusted to be of the format. */
export function script(input: JsonObject): Script {
	const value = input.script ?? {};
	if (!isObject(value)) throw new VectorArgError('in.script is not an object');
	return value as Script;
}

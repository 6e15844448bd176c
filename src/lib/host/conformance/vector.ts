/** A JSON value as it was read. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** How one callback of a node behaves during one operation. */
export interface CallbackScript {
	readonly ret?: boolean;
	/** Hex bytes a pre-read copies over the start of its buffer. */
	readonly data?: string;
	/** What a pre-read makes of `data_ready`; null and absent leave it. */
	readonly ready?: boolean | null;
	/** What a slot callback does to the slot it is given. */
	readonly do?: readonly (readonly ['add' | 'remove', number, number])[];
}

/** Behaviours by node and callback. */
export type Script = Readonly<Record<string, Readonly<Record<string, CallbackScript>>>>;

/** Machine a sequence runs on. */
export interface VectorVm {
	readonly exec_only: boolean;
	readonly ad_bits: boolean;
	readonly direct_map: boolean;
	/** `spte`: walks act on entries; `scripted`: they answer from `protect_returns`. */
	readonly protect: 'spte' | 'scripted';
}

/** First line of a sequence. */
export interface VectorHeader {
	readonly schema: 'page-track/1';
	readonly name: string;
	readonly theme: string;
	readonly vm: VectorVm;
}

/** Every further line: an operation, its arguments and what the kernel gave. */
export interface VectorOp {
	readonly i: number;
	readonly op: string;
	readonly in: JsonObject;
	readonly out: JsonObject;
}

export interface Vector {
	readonly header: VectorHeader;
	readonly ops: readonly VectorOp[];
}

/** A sequence that is no `page-track/1` file. */
export class VectorFormatError extends Error {
	override name = 'VectorFormatError';
	/** Line, from 1. */
	readonly line: number;
	readonly reason: string;

	constructor(line: number, reason: string) {
		super(`line ${line}: ${reason}`);
		this.line = line;
		this.reason = reason;
	}
}

export const isObject = (value: unknown): value is JsonObject =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

function parseLine(text: string, line: number): JsonObject {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw new VectorFormatError(line, (error as Error).message);
	}
	if (!isObject(value)) throw new VectorFormatError(line, 'not a JSON object');
	return value;
}

function parseHeader(value: JsonObject): VectorHeader {
	const { schema, name, theme, vm } = value;
	if (schema !== 'page-track/1') throw new VectorFormatError(1, 'the schema is not page-track/1');
	if (typeof name !== 'string' || typeof theme !== 'string' || !isObject(vm))
		throw new VectorFormatError(1, 'name, theme or vm is missing');
	const { exec_only, ad_bits, direct_map, protect } = vm;
	if (typeof exec_only !== 'boolean' || typeof ad_bits !== 'boolean' || typeof direct_map !== 'boolean')
		throw new VectorFormatError(1, 'vm.exec_only, vm.ad_bits or vm.direct_map is missing');
	if (protect !== 'spte' && protect !== 'scripted')
		throw new VectorFormatError(1, 'vm.protect is neither spte nor scripted');
	return { schema, name, theme, vm: { exec_only, ad_bits, direct_map, protect } };
}

function parseOp(value: JsonObject, line: number): VectorOp {
	const { i, op, out } = value;
	const input = value.in ?? {};
	if (typeof i !== 'number' || typeof op !== 'string' || !isObject(input) || !isObject(out))
		throw new VectorFormatError(line, 'i, op, in or out is missing');
	return { i, op, in: input, out };
}

/** Reads a sequence; throws {@link VectorFormatError} with the line. Empty lines are skipped. */
export function parseVector(text: string): Vector {
	const lines = text
		.split('\n')
		.flatMap((content, at) => (content.trim() ? [{ content, line: at + 1 }] : []));
	const [first, ...rest] = lines;
	if (!first) throw new VectorFormatError(1, 'the file is empty');
	return {
		header: parseHeader(parseLine(first.content, first.line)),
		ops: rest.map(({ content, line }) => parseOp(parseLine(content, line), line))
	};
}

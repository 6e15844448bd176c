import type { Operation } from './api-document.ts';

/** A request that can be sent, or shown as a command. */
export interface ApiRequest {
	readonly method: string;
	/** Path and query. */
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Text, a file, or null where none is sent. */
	readonly body: string | File | null;
	/** Required parameters without a value. */
	readonly missing: readonly string[];
}

/** What the reader filled in: values by parameter (empty: not sent) and the body. */
export interface Filled {
	readonly values: Readonly<Record<string, string>>;
	readonly body: string | File | null;
}

/** The request that an operation makes of what was filled in. */
export function requestOf(operation: Operation, { values, body }: Filled): ApiRequest {
	const query = new URLSearchParams();
	const headers: Record<string, string> = {};
	const missing: string[] = [];
	let { path } = operation;
	for (const { name, in: place, required } of operation.parameters) {
		const value = values[name] ?? '';
		if (value === '') {
			if (required) missing.push(name);
		} else if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
		else if (place === 'query') query.set(name, value);
		else headers[name] = value;
	}
	const sent = operation.body && body !== null && body !== '' ? body : null;
	if (operation.body?.required && sent === null) missing.push('body');
	if (operation.body && sent !== null) headers['content-type'] = operation.body.type;
	const text = query.toString();
	return { method: operation.method, url: path + (text && `?${text}`), headers, body: sent, missing };
}

/** A word for a POSIX shell: as it is if nothing in it is special, else in single quotes. */
export const shellWord = (text: string): string =>
	/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A curl command for the request; a file is named by its name alone. */
export function curlLine({ method, url, headers, body }: ApiRequest, origin: string): string {
	const words = ['curl'];
	if (method !== 'GET') words.push('-X', method);
	for (const [name, value] of Object.entries(headers)) words.push('-H', shellWord(`${name}: ${value}`));
	if (typeof body === 'string') words.push('--data-binary', shellWord(body));
	else if (body) words.push('--data-binary', shellWord(`@${body.name}`));
	return [...words, shellWord(origin + url)].join(' ');
}

/**
 * The first bytes as hex and ASCII, 16 a line:
 * `00000000  50 54 48 47 …  |PTHG…|`
 */
export function hexDump(bytes: Uint8Array): string {
	const lines: string[] = [];
	for (let at = 0; at < bytes.length; at += 16) {
		const row = [...bytes.subarray(at, at + 16)];
		const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
		const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
		lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  |${text}|`);
	}
	return lines.join('\n');
}

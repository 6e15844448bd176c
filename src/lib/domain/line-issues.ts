/** A line that was not taken, with its place. */
export interface LineIssue {
	/** From 1. */
	readonly line: number;
	/** Offset of the line's first byte. */
	readonly byte: number;
	readonly message: string;
	/** The line's beginning. */
	readonly text: string;
}

const LISTED = 20;

/** Lines that were not taken: all are counted, the first ones are kept. */
export class LineIssues {
	count = 0;
	readonly first: LineIssue[] = [];

	add(issue: LineIssue): void {
		this.count++;
		if (this.first.length < LISTED) this.first.push({ ...issue, text: issue.text.slice(0, 120) });
	}
}

/** A text of which no line could be used; `issues` says why. */
export class UnusableTextError extends Error {
	readonly issues: readonly LineIssue[];
	constructor(message: string, issues: readonly LineIssue[]) {
		super(message);
		this.name = 'UnusableTextError';
		this.issues = issues;
	}
}

/** Bytes of a string in UTF-8. */
function byteLength(text: string): number {
	let bytes = text.length;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < 0x80) continue;
		if (code < 0x800) bytes++;
		else if (code >= 0xd800 && code < 0xdc00) {
			bytes += 2;
			i++;
		} else bytes += 2;
	}
	return bytes;
}

/** Calls `visit` for each line that is not blank; LF and CRLF both end one. */
export function eachLine(text: string, visit: (line: string, number: number, byte: number) => void): void {
	let byte = 0;
	let number = 0;
	for (let at = 0; at < text.length;) {
		const newline = text.indexOf('\n', at);
		const end = newline < 0 ? text.length : newline;
		const whole = text.slice(at, end);
		const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
		number++;
		if (line.trim()) visit(line, number, byte);
		byte += byteLength(whole) + 1;
		at = end + 1;
	}
}

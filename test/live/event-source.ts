import type { LiveEvents, WireEvent } from '#lib/api/types.ts';

export interface Message {
	readonly event: string;
	readonly id: number;
	readonly data: unknown;
	/** performance.now() when it was read. */
	readonly at: number;
}

/** Messages of a stream of server-sent events, comments left out; ends when the server or `signal` ends it. */
export async function* messages(
	url: string,
	{ lastEventId, signal }: { lastEventId?: number; signal?: AbortSignal } = {}
): AsyncGenerator<Message> {
	const response = await fetch(url, {
		headers: lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) },
		...(signal && { signal })
	});
	if (response.status !== 200 || !response.body)
		throw new Error(`${response.status} ${await response.text()}`);
	const decoder = new TextDecoder();
	let text = '';
	for await (const chunk of response.body) {
		text += decoder.decode(chunk, { stream: true });
		const blocks = text.split('\n\n');
		text = blocks.pop() ?? '';
		for (const block of blocks) {
			const fields = new Map(
				block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)])
			);
			const event = fields.get('event');
			if (!event) continue;
			yield {
				event,
				id: Number(fields.get('id')),
				data: JSON.parse(fields.get('data') ?? ''),
				at: performance.now()
			};
		}
	}
}

/** The native lines of an `events` message. */
export function linesOf(data: unknown): string {
	const { events } = data as LiveEvents;
	const native = (event: WireEvent) =>
		Object.fromEntries(Object.entries(event).filter(([key]) => key !== 'seq'));
	return events.map((event) => JSON.stringify(native(event)) + '\n').join('');
}

import { setImmediate as breathe } from 'node:timers/promises';

const encoder = new TextEncoder();

/**
 * Turns pages of items into a byte stream that asks for more only when the reader wants more, and that ends the
 * iteration (its finally blocks run) when the reader goes away.
 */
export function ndjson<T>(
	pages: AsyncGenerator<readonly T[]>,
	format: (item: T) => string
): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				await breathe(); // lets other requests in between two pages
				try {
					const page = await pages.next();
					if (page.done) controller.close();
					else controller.enqueue(encoder.encode(page.value.map(format).join('')));
				} catch (error) {
					console.error(error); // the connection is reset without a word otherwise
					throw error;
				}
			},
			async cancel() {
				await pages.return(undefined);
			}
		},
		{ highWaterMark: 0 }
	);
}

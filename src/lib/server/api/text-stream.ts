import { setImmediate as breathe } from 'node:timers/promises';

/**
 * Turns pieces into a byte stream that asks for more only when the reader wants more, and that ends the
 * iteration (its finally blocks run) when the reader goes away.
 */
export function textStream(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				await breathe(); // lets other requests in between two pieces
				try {
					const piece = await pieces.next();
					if (piece.done) controller.close();
					else controller.enqueue(piece.value);
				} catch (error) {
					console.error(error); // the connection is reset without a word otherwise
					throw error;
				}
			},
			async cancel() {
				await pieces.return(undefined);
			}
		},
		{ highWaterMark: 0 }
	);
}

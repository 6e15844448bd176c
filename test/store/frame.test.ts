import { expect, test } from 'vitest';
import { decompress, frame } from '#lib/server/store/sqlite/codec.ts';

test.each([0, 1, 255, 256, 257, 4096, 65_535, 65_791])(
	'a frame of %i bytes as they are is read by zstd',
	(n) => {
		const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 7) % 251);
		const framed = frame(bytes);
		expect(framed.length).toBeLessThanOrEqual(n + 10);
		expect(decompress(framed).equals(bytes)).toBe(true);
	}
);

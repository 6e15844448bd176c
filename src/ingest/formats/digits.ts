/** Value of a lower-case hexadecimal digit's byte; -1 if it is none. */
export function hexDigit(byte: number): number {
	if (byte >= 48 && byte <= 57) return byte - 48;
	if (byte >= 97 && byte <= 102) return byte - 87;
	return -1;
}

/** Value of four decimal digits (the first one in the highest byte); -1 if a byte is none. */
export function decimal4(word: number): number {
	const digits = (word - 0x3030_3030) | 0;
	if (((digits | (digits + 0x7676_7676)) & 0x8080_8080) !== 0) return -1;
	const pairs = (digits + (Math.imul(digits, 10) >>> 8)) & 0x00ff_00ff;
	return (pairs >>> 16) * 100 + (pairs & 0xff);
}

/** Value of four lower-case hexadecimal digits (the first one in the highest byte); -1 if a byte is none. */
export function hex4(word: number): number {
	const digits = (word & 0x0f0f_0f0f) + Math.imul((word >>> 6) & 0x0101_0101, 9);
	if ((digits & 0xf0f0_f0f0) !== 0) return -1;
	// written out again, they must be the same bytes
	const letters = ((digits + 0x0606_0606) >>> 4) & 0x0101_0101;
	if (((digits + 0x3030_3030 + Math.imul(letters, 0x27)) ^ word) !== 0) return -1;
	const pairs = (digits | (digits >>> 4)) & 0x00ff_00ff;
	return (pairs | (pairs >>> 8)) & 0xffff;
}

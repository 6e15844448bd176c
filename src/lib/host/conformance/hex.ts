/** Bytes of a hex text, lowest address first. */
export function hexToBytes(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length / 2);
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}

/** Hex text of `bytes[0..length)`. */
export const bytesToHex = (bytes: Readonly<Uint8Array>, length = bytes.length): string =>
	Array.from(bytes.subarray(0, length), (byte) => byte.toString(16).padStart(2, '0')).join('');

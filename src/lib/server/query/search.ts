/** Index of the first entry of an ascending array that is `>= value`; its length if there is none. */
export function lowerBound(array: ArrayLike<number>, value: number): number {
	let low = 0;
	let high = array.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((array[middle] as number) < value) low = middle + 1;
		else high = middle;
	}
	return low;
}

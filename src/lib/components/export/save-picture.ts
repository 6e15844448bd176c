import type { Picture } from '#lib/view/picture.ts';

/** Pixels of a PNG for each pixel of the drawing. */
const SHARPNESS = 2;

/** Hands a file to the browser's downloads. */
export function saveFile(blob: Blob, name: string): void {
	const url = URL.createObjectURL(blob);
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	// the download has its own hold on the data once it began
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Saves a picture as the reader wishes. @throws {Error} if the browser cannot draw it */
export async function savePicture(picture: Picture, format: 'svg' | 'png'): Promise<void> {
	const svg = new Blob([picture.svg], { type: 'image/svg+xml' });
	const blob = format === 'svg' ? svg : await drawn(picture);
	saveFile(blob, `${picture.fileName}.${format}`);
}

/** The picture drawn at twice its size. */
async function drawn({ svg, width, height }: Picture): Promise<Blob> {
	const image = new Image();
	// a data address, as the page's policy allows no blob images
	image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
	await image.decode();
	const canvas = document.createElement('canvas');
	canvas.width = width * SHARPNESS;
	canvas.height = height * SHARPNESS;
	const context = canvas.getContext('2d');
	if (!context) throw new Error('this browser offers no canvas');
	context.drawImage(image, 0, 0, canvas.width, canvas.height);
	return new Promise((resolve, reject) =>
		canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser could not write it'))))
	);
}

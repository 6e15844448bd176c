import type { Thumbnail, ThumbnailPart } from '#lib/api/types.ts';
import { gfnScale } from './gfn-scale.ts';
import type { Range } from './range.ts';

/** Where a part of a thumbnail is drawn, and where its breaks are; pixels from the top. */
export interface ThumbnailStrips {
	readonly strips: readonly { readonly part: ThumbnailPart; readonly top: number; readonly height: number }[];
	readonly breaks: readonly { readonly top: number; readonly height: number }[];
}

/** Breaks of a thumbnail need no room for words. */
const SMALLER = 3;

/** Lays a thumbnail over `height` pixels: each part by its pages, a break where gfns are left out. */
export function thumbnailStrips({ gfn, npages, parts }: Thumbnail, height: number): ThumbnailStrips {
	// whole rows may reach beyond the lane
	const from = Math.min(gfn, parts[0]?.gfn ?? gfn);
	const last = parts.at(-1);
	const to = Math.max(gfn + npages, last ? last.gfn + last.npages : 0);
	const folds: Range[] = [];
	let reached = from;
	for (const part of [...parts, { gfn: to, npages: 0 }]) {
		if (part.gfn > reached) folds.push({ from: reached, to: part.gfn });
		reached = part.gfn + part.npages;
	}
	const { pieces } = gfnScale({ from, to }, height * SMALLER, folds);
	const placed = pieces.map((piece) => ({
		...{ gfns: piece.gfns, folded: piece.folded },
		...{ top: piece.top / SMALLER, height: piece.height / SMALLER }
	}));
	return {
		strips: parts.flatMap((part) => {
			const piece = placed.find((each) => !each.folded && each.gfns.from === part.gfn);
			return piece ? [{ part, top: piece.top, height: piece.height }] : [];
		}),
		breaks: placed.filter((each) => each.folded)
	};
}

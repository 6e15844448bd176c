import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageGridLayout, pagePoint, pagesAt } from '#lib/view/page-grid.ts';

test('the page grid shows every page of every slot in its box, and finds it again', () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 4_000_000 }), fc.nat(), (npages, pick) => {
			const gfns = { from: 0x100, to: 0x100 + npages };
			const layout = pageGridLayout(npages, 360, 190);
			const gfn = gfns.from + (pick % npages);
			expect(layout.rows * layout.cell).toBeLessThanOrEqual(190);
			expect(layout.columns * layout.cell).toBeLessThanOrEqual(360);
			const { x, y } = pagePoint(layout, gfns, gfn);
			const found = pagesAt(layout, gfns, x + 1, y + 1);
			expect(found && gfn >= found.from && gfn < found.to).toBe(true);
		})
	);
});

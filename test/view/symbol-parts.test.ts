import { expect, test } from 'vitest';
import { symbolText } from '#lib/domain/symbols.ts';
import { symbolParts } from '#lib/view/symbol-parts.ts';

test.each([
	[{ name: 'secondary_startup_64_no_verify', offset: 0x1f2, module: null }, '+0x1f2', ''],
	[{ name: 'kvm_page_track_write', offset: 0x10, module: 'kvm' }, '+0x10', ' [kvm]'],
	[{ name: 'do_one', offset: 0, module: 'a_b' }, '', ' [a_b]'],
	[{ name: '__switch_to_asm', offset: 0, module: null }, '', ''],
	[{ name: 'foo.constprop.0+0xzz', offset: 0, module: null }, '', '']
])('%o keeps its offset apart', (hit, offset, module) => {
	expect(symbolParts(symbolText(hit))).toEqual({ name: hit.name, offset, module });
});

import { z } from '@hono/zod-openapi';
import { KINDS, kindMask, MODES } from '#lib/domain/kinds.ts';
import { GFN_LIMIT } from '#lib/domain/units.ts';
import type { EventFilter } from '../query/filter.ts';

const number = /^(0x[0-9a-f]+|\d+)$/i;

/** A whole number, decimal or `0x…`, below 2^53. */
export const whole = z
	.string()
	.regex(number, 'must be a whole number, decimal or 0x…')
	.transform(Number)
	.refine(Number.isSafeInteger, 'must be below 2^53');

const range = (limit: number) =>
	z
		.string()
		.regex(
			/^(0x[0-9a-f]+|\d+)(\.\.(0x[0-9a-f]+|\d+))?$/i,
			'must be N or FROM..TO (half-open), decimal or 0x…'
		)
		.transform((text) => {
			const [from = '0', to] = text.split('..');
			return { from: Number(from), to: to === undefined ? Number(from) + 1 : Number(to) };
		})
		.refine(({ from, to }) => from < to && to <= limit, 'must be an ascending range');

const list = (names: readonly string[]) =>
	z
		.string()
		.transform((text) => text.split(',').filter(Boolean))
		.refine((each) => each.every((name) => names.includes(name)), `must be of ${names.join(', ')}`);

export const kindList = list(KINDS).transform((names) => kindMask(names as (typeof KINDS)[number][]));
export const modeList = list(MODES).transform((names) => kindMask(names as (typeof MODES)[number][]));
export const gfnRange = range(GFN_LIMIT);
export const timeRange = range(2 ** 53);
export const flag = z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true');

export const idParam = z.object({
	id: z
		.string()
		.min(1)
		.openapi({ param: { name: 'id', in: 'path' } })
});

/** Query fields that choose events. */
export const filterFields = {
	kinds: kindList.optional(),
	vcpu: z
		.string()
		.regex(/^\d+(,\d+)*$/, 'must be vCPU ids, separated by commas')
		.optional(),
	gfn: gfnRange.optional(),
	time: timeRange.optional(),
	rip: z
		.string()
		.regex(/^0x[0-9a-f]{1,16}$/i, 'must be 0x… of at most 64 bits')
		.optional(),
	lane: whole.optional()
};

/** The filter those fields ask for. */
export function toFilter(query: z.output<z.ZodObject<typeof filterFields>>): EventFilter {
	const { kinds, vcpu, gfn, time, rip, lane } = query;
	return {
		...(kinds === undefined ? {} : { kinds }),
		...(vcpu === undefined ? {} : { vcpus: vcpu.split(',').map(Number) }),
		...(gfn && { gfn }),
		...(time && { time }),
		...(rip === undefined ? {} : { rip: BigInt(rip) }),
		...(lane === undefined ? {} : { lane })
	};
}

import { z } from '@hono/zod-openapi';
import { filterOf } from '#lib/domain/filter-text.ts';
import { KINDS, kindMask, MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { GFN_LIMIT } from '#lib/domain/units.ts';
import type { EventFilter } from '../query/filter.ts';

const number = /^(0[xX][0-9a-fA-F]+|\d+)$/; // no flags: the API's description cannot say them

/** A whole number, decimal or `0x…`, below 2^53. */
export const whole = z
	.string()
	.regex(number, 'must be a whole number, decimal or 0x…')
	.transform(Number)
	.refine(Number.isSafeInteger, 'must be below 2^53')
	.openapi({ description: 'whole number, decimal or 0x…' });

/** A whole number within bounds, both allowed. */
export const wholeWithin = (from: number, to: number) =>
	whole
		.pipe(z.number().min(from).max(to))
		.openapi({ description: `whole number from ${from} to ${to}, decimal or 0x…` });

const range = (limit: number) =>
	z
		.string()
		.regex(
			/^(0[xX][0-9a-fA-F]+|\d+)(\.\.(0[xX][0-9a-fA-F]+|\d+))?$/,
			'must be N or FROM..TO (half-open), decimal or 0x…'
		)
		.transform((text) => {
			const [from = '0', to] = text.split('..');
			return { from: Number(from), to: to === undefined ? Number(from) + 1 : Number(to) };
		})
		.refine(({ from, to }) => from < to && to <= limit, 'must be an ascending range')
		.openapi({ description: 'N or FROM..TO (half-open), decimal or 0x…' });

/** Some of `names`; a name that is none of them is refused, not passed over. */
export const list = <N extends string>(names: readonly N[]) =>
	z
		.string()
		.transform((text, context): N[] => {
			const asked = text.split(',').filter(Boolean);
			const known = asked.filter((name): name is N => (names as readonly string[]).includes(name));
			const unknown = asked.filter((name) => !known.includes(name as N));
			if (unknown.length)
				context.addIssue({
					code: 'custom',
					message: `must be of ${names.join(', ')}, not ${unknown.join(', ')}`
				});
			return known;
		})
		.openapi({ description: `some of ${names.join(', ')}, separated by commas` });

export const kindList = list(KINDS).transform(kindMask);
export const modeList = list(MODES).transform(kindMask);
export const gfnRange = range(GFN_LIMIT);
export const timeRange = range(2 ** 53);
export const flag = z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true');

/** A number of columns or rows. */
export const cells = (limit: number, fallback: number) => wholeWithin(1, limit).default(fallback);

export const idParam = z.object({
	id: z
		.string()
		.min(1)
		.openapi({ param: { name: 'id', in: 'path' } })
});

/** A session and one of its pages. */
export const pageParam = idParam.extend({ gfn: wholeWithin(0, GFN_LIMIT - 1) });

/** Query fields that choose events. */
export const filterFields = {
	kinds: kindList.optional(),
	vcpu: z
		.string()
		.regex(/^\d+(,\d+)*$/, 'must be vCPU ids, separated by commas')
		.optional()
		.openapi({ description: 'vCPU ids, separated by commas' }),
	gfn: gfnRange.optional(),
	time: timeRange.optional(),
	rip: z
		.string()
		.regex(/^0[xX][0-9a-fA-F]{1,16}$/, 'must be 0x… of at most 64 bits')
		.optional()
		.openapi({ description: 'instruction address, 0x…' }),
	lane: whole.optional(),
	q: z
		.string()
		.max(4096)
		.optional()
		.openapi({ description: 'a filter text, like mode:write gfn:0x10..0x20 -vcpu:1' })
};
/** What those fields parse to. */
export type FilterFields = z.output<z.ZodObject<typeof filterFields>>;

/** The filter those fields ask for, all of them at once. @throws {FilterTextError} if `q` is wrong */
export function toFilter(query: FilterFields, session: SessionDetail): EventFilter {
	const { kinds, vcpu, gfn, time, rip, lane, q } = query;
	return {
		...(q === undefined ? {} : { where: filterOf(q), memslots: session.memslots }),
		...(kinds === undefined ? {} : { kinds }),
		...(vcpu === undefined ? {} : { vcpus: vcpu.split(',').map(Number) }),
		...(gfn && { gfn }),
		...(time && { time }),
		...(rip === undefined ? {} : { rip: BigInt(rip) }),
		...(lane === undefined ? {} : { lane })
	};
}

import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import type { WorkloadList } from '#lib/api/types.ts';
import { LIMITS, USUAL_EVENTS } from '#lib/host/simulation/options.ts';
import { WORKLOADS } from '#lib/host/workloads/catalog.ts';
import { json, type Env } from './route.ts';
import { ApiError } from './problem.ts';

const tags = ['simulated host'];

const body = z.strictObject({
	workload: z.string(),
	seed: z.number().optional(),
	vcpus: z.number().optional(),
	/** MiB. */
	memory: z.number().optional(),
	events: z.number().optional(),
	/** Simulated ns. */
	duration: z.number().optional(),
	name: z.string().trim().min(1).max(200).optional(),
	/** Events a second; as fast as it goes if absent. */
	rate: z.number().int().min(1).max(10_000_000).optional()
});

/** The workloads with what their options may be. */
const catalogue = (): WorkloadList => ({
	workloads: WORKLOADS.map(({ name, summary, heatMap, memoryMiB, vcpus }) => ({
		name,
		summary,
		heatMap,
		options: {
			seed: { ...LIMITS.seed, usual: 1 },
			vcpus: { ...LIMITS.vcpus, usual: vcpus.usual },
			memory: { from: memoryMiB.least, to: LIMITS.memoryMiB.to, usual: memoryMiB.usual },
			events: { ...LIMITS.events, usual: USUAL_EVENTS },
			duration: { ...LIMITS.durationNs, usual: null },
			rate: { from: 1, to: 10_000_000, usual: null }
		}
	}))
});

/** Routes of the simulated host: what it can play, and playing it. */
export function registerSimulations(api: OpenAPIHono<Env>): void {
	api.openapi(
		createRoute({
			method: 'get',
			path: '/workloads',
			tags,
			summary: 'What the simulated host can play, with the ranges of its options',
			responses: { 200: json('the workloads', 'WorkloadList') }
		}),
		(c) => c.json(catalogue())
	);

	api.openapi(
		createRoute({
			method: 'post',
			path: '/simulations',
			tags,
			summary:
				'Run a workload into a new session: answers when it is over, or while it goes on if that takes longer (ended tells). Deleting the session stops it',
			request: { body: { required: true, content: { 'application/json': { schema: body } } } },
			responses: {
				201: json('the session', 'SessionCreated'),
				400: { description: 'An option is wrong (problem document)' },
				503: { description: 'Enough simulations are running (problem document)' }
			}
		}),
		async (c) => {
			if (!c.env.simulate) throw new ApiError(400, 'this server runs no simulations');
			const { memory, duration, name, rate, ...rest } = c.req.valid('json');
			const request = { ...rest, memoryMiB: memory, durationNs: duration };
			const id = await c.env.simulate(request, { name, rate });
			return c.json({ session: await c.env.store.getSession(id) }, 201);
		}
	);
}

import type { ComparedGrid, Comparison } from './compare-types.ts';
import { json, type Query } from './client.ts';

/** Address of a comparison's route with its query; parameters that are undefined are left out. */
export function compareUrl(path: '' | '/grid', query: Query): string {
	const params = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
	return `/api/v1/compare${path}?${params.toString()}`;
}

/** What differs between two windows. @throws {ApiProblem} */
export const getComparison = (query: Query, signal?: AbortSignal) =>
	json<Comparison>(compareUrl('', query), signal);

/** The cells of a lane pair (`pair`) on both sides. @throws {ApiProblem} */
export const getComparedGrid = (query: Query, signal?: AbortSignal) =>
	json<ComparedGrid>(compareUrl('/grid', query), signal);

import type { ComparedGrid, Comparison } from './compare-types.ts';
import { apiUrl, json, type Query } from './client.ts';

/** Address of a comparison's route with its query. */
export const compareUrl = (path: '' | '/grid', query: Query): string => apiUrl(`/compare${path}`, query);

/** What differs between two windows. @throws {ApiProblem} */
export const getComparison = (query: Query, signal?: AbortSignal) =>
	json<Comparison>(compareUrl('', query), signal);

/** The cells of a lane pair (`pair`) on both sides. @throws {ApiProblem} */
export const getComparedGrid = (query: Query, signal?: AbortSignal) =>
	json<ComparedGrid>(compareUrl('/grid', query), signal);

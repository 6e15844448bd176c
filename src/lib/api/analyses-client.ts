import type {
	Anomalies,
	HotPages,
	IdleAges,
	OffsetMap,
	RetryStorms,
	TopRips,
	VcpuLanes,
	WorkingSet,
	WrittenThenExecutedList
} from './analyses-types.ts';
import { json, type Query, sessionUrl } from './client.ts';

/** Answers by the analysis's name. */
interface Answers {
	'working-set': WorkingSet;
	'hot-pages': HotPages;
	'idle-ages': IdleAges;
	offsets: OffsetMap;
	vcpus: VcpuLanes;
	'top-rips': TopRips;
	'written-executed': WrittenThenExecutedList;
	'retry-storms': RetryStorms;
	anomalies: Anomalies;
}

/** An answer with the name of the analysis that gave it. */
export type AnalysisAnswer = {
	[Name in keyof Answers]: { readonly name: Name; readonly data: Answers[Name] };
}[keyof Answers];

/** Asks for an analysis of a session. @throws {ApiProblem} */
export async function getAnalysis(
	id: string,
	name: AnalysisAnswer['name'],
	query: Query,
	signal?: AbortSignal
): Promise<AnalysisAnswer> {
	const data = await json<unknown>(sessionUrl(id, `/analyses/${name}`, query), signal);
	return { name, data } as AnalysisAnswer; // the route of this name answers with this shape
}

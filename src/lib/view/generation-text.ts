import type { JsonObject } from '#lib/domain/events.ts';
import { type Generation, isGeneration } from '#lib/domain/generations.ts';

/** The kernel generations that a session may come from, as its attributes tell; none if they tell nothing. */
export function generationsOf(attributes: JsonObject): {
	readonly labels: readonly Generation[];
	readonly assumed: boolean;
} {
	const { generation, generation_candidates: candidates, generation_assumed: assumed } = attributes;
	const named = typeof generation === 'string' ? [generation] : Array.isArray(candidates) ? candidates : [];
	const labels = named.filter((each): each is Generation => typeof each === 'string' && isGeneration(each));
	return { labels, assumed: assumed === true };
}

/** The generation in a few words for a session's heading; null if nothing is known. */
export function generationText(attributes: JsonObject): string | null {
	const { labels, assumed } = generationsOf(attributes);
	const [first] = labels;
	if (!first) return null;
	if (labels.length > 1) return `one of ${labels.length} kernel generations`;
	return `kernel ${first}${assumed ? ' (assumed)' : ''}`;
}

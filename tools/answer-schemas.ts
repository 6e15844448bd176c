/** `npm run schemas`: writes the JSON Schemas of the API's answers, from their types in src/lib/api. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { createGenerator } from 'ts-json-schema-generator';

const ROOT = path.join(import.meta.dirname, '..');
export const FILE = path.join(ROOT, 'src/lib/server/api/answer-schemas.json');

/** Copies of a schema with each reference to a generic type's instance replaced by that. */
function inlined(value: unknown, definitions: Readonly<Record<string, unknown>>): unknown {
	if (Array.isArray(value)) return value.map((each) => inlined(each, definitions));
	if (typeof value !== 'object' || value === null) return value;
	const { $ref } = value as { $ref?: string };
	if ($ref !== undefined) {
		const name = decodeURIComponent($ref.replace('#/definitions/', ''));
		return name.includes('<')
			? inlined(definitions[name], definitions)
			: { $ref: `#/components/schemas/${name}` };
	}
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inlined(each, definitions)]));
}

/** The schemas by the name of their type, as the text of a file. */
export async function answerSchemas(): Promise<string> {
	const schema = createGenerator({
		path: path.join(ROOT, 'src/lib/{api/*types,domain/session-info}.ts'),
		tsconfig: path.join(ROOT, 'tsconfig.json'),
		skipTypeCheck: true,
		additionalProperties: true
	}).createSchema('*');
	const definitions = schema.definitions ?? {};
	const named = Object.entries(definitions).filter(([name]) => !name.includes('<'));
	const schemas = named.map(([name, each]) => [name, inlined(each, definitions)]);
	return format(JSON.stringify(Object.fromEntries(schemas)), {
		...(await resolveConfig(FILE)),
		parser: 'json'
	});
}

if (import.meta.main) writeFileSync(FILE, await answerSchemas());

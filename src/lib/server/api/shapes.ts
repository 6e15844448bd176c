import answers from './answer-schemas.json' with { type: 'json' };

/** The name of an answer's type in src/lib/api, whose JSON Schema `npm run schemas` writes. */
export type Shape = keyof typeof answers;

const SCHEMAS: Readonly<Record<string, object>> = answers;
const REFERENCE = /"#\/components\/schemas\/([^"]+)"/g;

/** The schemas that a document's references lead to, by name; those of other makers are left out. */
export function referenced(document: object): Record<string, object> {
	const found: Record<string, object> = {};
	const look = (value: object) => {
		for (const [, name = ''] of JSON.stringify(value).matchAll(REFERENCE)) {
			const schema = SCHEMAS[name];
			if (!schema || name in found) continue;
			found[name] = schema;
			look(schema);
		}
	};
	look(document);
	return found;
}

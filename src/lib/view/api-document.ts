/** The part of an OpenAPI document that the reference page reads. */
export interface Schema {
	readonly type?: string | readonly string[];
	readonly description?: string;
	readonly format?: string;
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly default?: unknown;
	readonly pattern?: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly maxItems?: number;
	readonly items?: Schema;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly oneOf?: readonly Schema[];
	readonly anyOf?: readonly Schema[];
	readonly $ref?: string;
}
type Schemas = Readonly<Record<string, Schema>>;
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
export interface Parameter {
	readonly name: string;
	readonly in: 'path' | 'query' | 'header';
	readonly required?: boolean;
	readonly description?: string;
	readonly schema?: Schema;
}
interface RawOperation {
	readonly tags?: readonly string[];
	readonly summary?: string;
	readonly description?: string;
	readonly parameters?: readonly Parameter[];
	readonly requestBody?: { readonly required?: boolean; readonly content?: Content };
	readonly responses?: Readonly<
		Record<string, { readonly description?: string; readonly content?: Content }>
	>;
}
export interface ApiDocument {
	readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
	readonly components?: { readonly schemas?: Schemas };
}

/** One operation as the page shows it. */
export interface Operation {
	/** `get-sessions-id`: unique, fit for an address's fragment. */
	readonly id: string;
	readonly method: string;
	readonly path: string;
	readonly tag: string;
	readonly summary: string;
	readonly description: string;
	readonly parameters: readonly Parameter[];
	readonly body: { readonly required: boolean; readonly type: string; readonly schema: Schema } | null;
	readonly answers: readonly {
		readonly status: string;
		readonly description: string;
		readonly types: readonly string[];
		/** Of an answer in JSON: the name of its schema, and its fields. */
		readonly shape: string;
		readonly fields: readonly SchemaField[];
	}[];
}

const slug = (text: string): string =>
	text
		.toLowerCase()
		.replace(/^\/api\/v\d+/, '')
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^-|-$/g, '');

function operationOf(method: string, path: string, raw: RawOperation, schemas: Schemas): Operation {
	const [type, body] = Object.entries(raw.requestBody?.content ?? {})[0] ?? [];
	return {
		id: `${method}-${slug(path)}`,
		method: method.toUpperCase(),
		path,
		tag: raw.tags?.[0] ?? 'other',
		summary: raw.summary ?? '',
		description: raw.description ?? '',
		parameters: raw.parameters ?? [],
		body: type ? { required: raw.requestBody?.required ?? false, type, schema: body?.schema ?? {} } : null,
		answers: Object.entries(raw.responses ?? {}).map(([status, { description = '', content = {} }]) => ({
			status,
			description,
			types: Object.keys(content),
			shape: schemaText(content['application/json']?.schema ?? {}),
			fields: schemaFields(content['application/json']?.schema ?? {}, schemas)
		}))
	};
}

/** All operations by tag, tags in the order in which they first occur. */
export function operationsByTag(document: ApiDocument): [tag: string, operations: Operation[]][] {
	const groups = new Map<string, Operation[]>();
	for (const [path, item] of Object.entries(document.paths))
		for (const [method, raw] of Object.entries(item)) {
			const operation = operationOf(method, path, raw, document.components?.schemas ?? {});
			groups.set(operation.tag, [...(groups.get(operation.tag) ?? []), operation]);
		}
	return [...groups];
}

/** The operations whose method, path or words hold every word; groups without one are left out. */
export function searchOperations(
	groups: readonly (readonly [string, readonly Operation[]])[],
	search: string
): [tag: string, operations: Operation[]][] {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	return groups
		.map(([tag, list]): [string, Operation[]] => [
			tag,
			list.filter(({ method, path, summary, parameters }) => {
				const names = parameters.map((each) => each.name).join(' ');
				const text = `${tag} ${method} ${path} ${summary} ${names}`.toLowerCase();
				return words.every((word) => text.includes(word));
			})
		])
		.filter(([, list]) => list.length > 0);
}

function boundsOf({ minimum, maximum, minLength, maxLength, maxItems }: Schema): string[] {
	const number = (value: number) => value.toLocaleString('en-US');
	const range = (from: number | undefined, to: number | undefined, unit: string) => {
		if (from !== undefined && to !== undefined) return [`${number(from)} to ${number(to)}${unit}`];
		if (to !== undefined) return [`at most ${number(to)}${unit}`];
		return from === undefined || (unit && from <= 1) ? [] : [`at least ${number(from)}${unit}`];
	};
	return [
		...range(minimum, maximum, ''),
		...range(minLength, maxLength, ' characters'),
		...range(undefined, maxItems, ' items')
	];
}

const nameOf = (reference: string): string => reference.split('/').at(-1) ?? '';

/** A schema's type, bounds and pattern in words: `integer, 1 to 10,000`; empty if anything goes. */
export function schemaText(schema: Schema): string {
	if (schema.$ref) return nameOf(schema.$ref);
	const choices = schema.oneOf ?? schema.anyOf;
	if (choices) {
		const texts = new Set(choices.map(schemaText));
		return texts.size === choices.length ? [...texts].join(' or ') : `one of ${choices.length} shapes`;
	}
	if (schema.enum) return `one of ${schema.enum.map(String).join(', ')}`;
	const type = Array.isArray(schema.type) ? schema.type.join(' or ') : ((schema.type as string) ?? '');
	const named = type === 'array' && schema.items ? `list of ${schemaText(schema.items) || 'anything'}` : type;
	const { format, pattern } = schema;
	return [named, format ?? '', ...boundsOf(schema), pattern ? `like ${pattern}` : '']
		.filter(Boolean)
		.join(', ');
}

/** The default in words; empty if there is none. */
export const defaultText = ({ default: value }: Schema = {}): string =>
	value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** A value that has the schema's shape, to begin a body with: required fields, the first choice, defaults. */
export function exampleOf(schema: Schema): unknown {
	if (schema.default !== undefined) return schema.default;
	if (schema.const !== undefined) return schema.const;
	if (schema.enum) return schema.enum[0];
	const choice = (schema.oneOf ?? schema.anyOf)?.[0];
	if (choice) return exampleOf(choice);
	switch (schema.type) {
		case 'object': {
			const fields = Object.entries(schema.properties ?? {});
			const wanted = schema.required ?? fields.map(([name]) => name);
			return Object.fromEntries(
				fields.filter(([name]) => wanted.includes(name)).map(([name, each]) => [name, exampleOf(each)])
			);
		}
		case 'array':
			return schema.items ? [exampleOf(schema.items)] : [];
		case 'integer':
		case 'number':
			return schema.minimum ?? 0;
		case 'boolean':
			return false;
		default:
			return 'text';
	}
}

/** A field: its name as in `pin.tsNs` or `memslots[].gfn`, whether it must be there, and its type in words. */
export interface SchemaField {
	readonly name: string;
	readonly required: boolean;
	readonly text: string;
}

/** The fields of a schema's objects, those inside others after them; none of what holds itself again. */
export function schemaFields(schema: Schema, schemas: Schemas = {}, prefix = ''): SchemaField[] {
	if (schema.$ref) {
		const name = nameOf(schema.$ref);
		const { [name]: target, ...others } = schemas;
		return target ? schemaFields(target, others, prefix) : [];
	}
	const shapes = schema.oneOf ?? schema.anyOf;
	if (shapes) return shapes.flatMap((each) => schemaFields(each, schemas, prefix));
	if (schema.items) return schemaFields(schema.items, schemas, `${prefix.slice(0, -1)}[].`);
	return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
		{
			name: prefix + name,
			required: schema.required?.includes(name) ?? false,
			text: [schemaText(field), field.description ?? ''].filter(Boolean).join('; ')
		},
		...schemaFields(field, schemas, `${prefix}${name}.`)
	]);
}

import { expect, test } from 'vitest';
import {
	type ApiDocument,
	exampleOf,
	operationsByTag,
	type Schema,
	schemaFields,
	schemaText,
	searchOperations
} from '#lib/view/api-document.ts';
import { curlLine, hexDump, requestOf, shellWord } from '#lib/view/api-request.ts';

const body: Schema = {
	type: 'object',
	required: ['text', 'pin'],
	properties: {
		text: { type: 'string', minLength: 1, maxLength: 20_000 },
		pin: {
			oneOf: [
				{ type: 'object', required: ['type'], properties: { type: { type: 'string', enum: ['time'] } } },
				{ type: 'object', properties: { gfn: { type: 'integer', minimum: 0 } } }
			]
		},
		extra: { type: 'boolean' }
	}
};
const document: ApiDocument = {
	paths: {
		'/api/v1/things/{id}': {
			get: {
				tags: ['things'],
				summary: 'One thing',
				parameters: [
					{ name: 'id', in: 'path', required: true },
					{ name: 'q', in: 'query' },
					{ name: 'last-event-id', in: 'header' }
				]
			},
			post: {
				tags: ['others'],
				requestBody: { required: true, content: { 'application/json': { schema: body } } },
				responses: { 201: { description: 'made', content: { 'application/json': {} } } }
			}
		}
	}
};
const [[, [read]] = ['', []], [, [write]] = ['', []]] = operationsByTag(document);

test('operations are grouped by tag and found by any of their words', () => {
	expect(read?.id).toBe('get-things-id');
	expect(write?.answers).toMatchObject([{ status: '201', description: 'made', types: ['application/json'] }]);
	const found = (words: string) =>
		searchOperations(operationsByTag(document), words).flatMap(([, list]) => list.map((each) => each.id));
	expect(found('thing GET')).toEqual(['get-things-id']);
	expect(found('last-event')).toEqual(['get-things-id']);
	expect(found('others')).toEqual(['post-things-id']);
});

test('a schema is told in words with its bounds', () => {
	expect(schemaText({ type: 'integer', minimum: 1, maximum: 10_000 })).toBe('integer, 1 to 10,000');
	expect(schemaText({ type: 'string', enum: ['asc', 'desc'] })).toBe('one of asc, desc');
	expect(schemaText({ type: 'array', items: { type: 'string', maxLength: 40 }, maxItems: 20 })).toBe(
		'list of string, at most 40 characters, at most 20 items'
	);
	expect(schemaText({})).toBe('');
});

test('an example has the required fields and the first shape; all fields are listed', () => {
	expect(exampleOf(body)).toEqual({ text: 'text', pin: { type: 'time' } });
	expect(schemaFields(body).map(({ name, required }) => [name, required])).toEqual([
		['text', true],
		['pin', true],
		['pin.type', true],
		['pin.gfn', false],
		['extra', false]
	]);
});

test('fields of answers are found through references and lists, once where a schema holds itself', () => {
	const schemas: Record<string, Schema> = {
		Tree: {
			type: 'object',
			required: ['name'],
			properties: {
				name: { type: 'string', description: 'Shown.' },
				children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } }
			}
		}
	};
	const list: Schema = {
		type: 'object',
		properties: {
			trees: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
			best: { anyOf: [{ $ref: '#/components/schemas/Tree' }, { type: 'null' }] }
		}
	};
	expect(schemaFields(list, schemas).map(({ name, text }) => [name, text])).toEqual([
		['trees', 'list of Tree'],
		['trees[].name', 'string; Shown.'],
		['trees[].children', 'list of Tree'],
		['best', 'Tree or null'],
		['best.name', 'string; Shown.'],
		['best.children', 'list of Tree']
	]);
});

test('a request puts each value in its place and says what is missing', () => {
	if (!read || !write) throw new Error('no operations');
	const values = { id: 'a/b', q: 'mode:write & x', 'last-event-id': '7' };
	expect(requestOf(read, { values, body: null })).toEqual({
		method: 'GET',
		url: '/api/v1/things/a%2Fb?q=mode%3Awrite+%26+x',
		headers: { 'last-event-id': '7' },
		body: null,
		missing: []
	});
	expect(requestOf(read, { values: {}, body: null }).missing).toEqual(['id']);
	expect(requestOf(write, { values: {}, body: '' }).missing).toEqual(['body']);
});

test('the curl line survives a shell', () => {
	expect(shellWord('plain/word-1')).toBe('plain/word-1');
	expect(shellWord("it's $HOME")).toBe(`'it'\\''s $HOME'`);
	expect(
		curlLine(
			{
				method: 'POST',
				url: '/x?a=1&b=2',
				headers: { 'content-type': 'text/plain' },
				body: 'a b',
				missing: []
			},
			'http://127.0.0.1:1'
		)
	).toBe("curl -X POST -H 'content-type: text/plain' --data-binary 'a b' 'http://127.0.0.1:1/x?a=1&b=2'");
});

test('bytes are shown in hex and ASCII, sixteen a line', () => {
	const bytes = new Uint8Array([
		...new TextEncoder().encode('PTHG'),
		0,
		255,
		...new Array<number>(11).fill(32)
	]);
	expect(hexDump(bytes)).toBe(
		'00000000  50 54 48 47 00 ff 20 20 20 20 20 20 20 20 20 20  |PTHG..          |\n' +
			`00000010  20${' '.repeat(45)}  | |`
	);
});

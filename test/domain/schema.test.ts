import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatLine } from '#lib/domain/native.ts';
import { anyEvent } from '../arbitrary.ts';

const validate = new Ajv({ strict: false }).compile(
	JSON.parse(readFileSync('docs/native-event.schema.json', 'utf8')) as object
);
const small = zstdDecompressSync(readFileSync('samples/small-kernel-image-1vcpu.ndjson.zst')).toString();

test('every line that is written obeys the documented schema', () => {
	fc.assert(
		fc.property(anyEvent, (event) => {
			expect(validate(JSON.parse(formatLine(event))), JSON.stringify(validate.errors)).toBe(true);
		})
	);
});

test('the lines of a real capture obey it', () => {
	for (const line of small.trimEnd().split('\n')) expect(validate(JSON.parse(line)), line).toBe(true);
});

test.each([
	['{"k":"end"}', 'no time'],
	['{"t":1,"k":"sneeze"}', 'an unknown kind'],
	['{"t":1,"k":"create_slot","id":0,"a":"0x1000"}', 'a slot without its size'],
	['{"t":1,"k":"write","a":4096}', 'an address that is a number']
])('%s does not: %s', (line) => {
	expect(validate(JSON.parse(line))).toBe(false);
});

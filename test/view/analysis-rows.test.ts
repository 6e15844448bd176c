import { expect, test } from 'vitest';
import { analysisCsv, rowsLeft } from '#lib/view/analysis-rows.ts';

const counts = { preread: 1, prewrite: 0, write: 2, preexec: 0 };
const seqs = { firstSeq: 3, firstNs: 30, lastSeq: 9, lastNs: 90 };

test('hot pages go out with a column for each mode and the gfn in hex', () => {
	const items = [{ gfn: 0x1f, lane: null, total: 3, counts, ...seqs }];
	const answer = { name: 'hot-pages', data: { pages: 41, accesses: 99, items } } as const;
	expect(analysisCsv(answer)).toBe(
		'gfn,lane,total,preread,prewrite,write,preexec,firstSeq,firstNs,lastSeq,lastNs\r\n' +
			'0x1f,,3,1,0,2,0,3,30,9,90\r\n'
	);
	expect(rowsLeft(answer)).toBe(40);
});

test('texts with commas are quoted, and the last page of anomalies leaves nothing out', () => {
	const item = { seq: 1, tsNs: 2, quirk: 'Q1', text: 'one, "two"', gfn: null, vcpuId: 0 };
	const data = { total: 7, quirks: [], items: [item], next: null };
	expect(analysisCsv({ name: 'anomalies', data })).toBe(
		'seq,tsNs,quirk,text,gfn,vcpuId\r\n1,2,Q1,"one, ""two""",,0\r\n'
	);
	expect(rowsLeft({ name: 'anomalies', data })).toBe(0);
	expect(rowsLeft({ name: 'anomalies', data: { ...data, next: 5 } })).toBe(6);
});

test('a chart and an empty list are no table', () => {
	const vcpus = { startNs: 0, columnNs: 1, columns: 0, vcpus: [] };
	expect(analysisCsv({ name: 'vcpus', data: vcpus })).toBeNull();
	expect(rowsLeft({ name: 'vcpus', data: vcpus })).toBe(0);
	expect(analysisCsv({ name: 'retry-storms', data: { total: 0, items: [] } })).toBeNull();
});

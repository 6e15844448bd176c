import { expect, test } from 'vitest';
import { sessionName } from '#lib/domain/session-name.ts';

test.each([
	['trace.ndjson.gz', 'trace'],
	['/var/tmp/boot.dat', 'boot'],
	['C:\\traces\\boot.CSV.zst', 'boot'],
	['qemu.8.2.log', 'qemu.8.2'],
	['plain', 'plain'],
	['dir.log/plain', 'plain'],
	['.ndjson', 'session'],
	['', 'session']
])('names the session of %s %s', (file, name) => {
	expect(sessionName(file)).toBe(name);
});

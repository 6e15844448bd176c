import { rmSync } from 'node:fs';

/** Removes the folder with the server's database, which the configuration made. */
export default function teardown(): void {
	const folder = process.env.PAGETRAIL_E2E;
	if (folder) rmSync(folder, { recursive: true, force: true });
}

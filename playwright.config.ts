import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { chromiumArgs, chromiumPath } from './test/chromium.ts';

const port = Number(process.env.PAGETRAIL_E2E_PORT ?? 4173);
// the workers read this file too: they inherit the folder that the first reader made
const folder = (process.env.PAGETRAIL_E2E ??= mkdtempSync(path.join(tmpdir(), 'pagetrail-e2e-')));

export default defineConfig({
	testDir: 'test/e2e',
	globalTeardown: './test/e2e/teardown.ts',
	outputDir: 'test-results',
	fullyParallel: true,
	workers: 2,
	forbidOnly: !!process.env.CI,
	timeout: 60_000,
	expect: { timeout: 15_000 },
	reporter: 'list',
	use: {
		baseURL: `http://127.0.0.1:${port}`,
		launchOptions: { executablePath: await chromiumPath(), args: chromiumArgs },
		viewport: { width: 1440, height: 900 },
		trace: 'off'
	},
	projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
	webServer: {
		command: `node bin/pagetrail.js serve --samples --port ${port} --db ${path.join(folder, 'e2e.db')}`,
		url: `http://127.0.0.1:${port}/api/v1/health`,
		reuseExistingServer: false,
		timeout: 60_000
	}
});

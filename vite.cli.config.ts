import { defineConfig } from 'vite';

/** Bundles the command line and its worker threads into dist/; better-sqlite3 stays outside. */
export default defineConfig({
	build: {
		ssr: true,
		outDir: 'dist',
		target: 'node22',
		sourcemap: true,
		emptyOutDir: true,
		copyPublicDir: false,
		rolldownOptions: {
			input: {
				cli: 'src/ingest/cli/main.ts',
				'parse-worker': 'src/ingest/parse-worker.ts',
				'ingest-worker': 'src/ingest/ingest-worker.ts',
				'live-worker': 'src/ingest/live-worker.ts',
				'simulate-worker': 'src/ingest/simulate/simulate-worker.ts'
			},
			output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' }
		}
	},
	ssr: { noExternal: true, external: ['better-sqlite3'] }
});

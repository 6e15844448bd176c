import { defineConfig } from 'drizzle-kit';

export default defineConfig({
	schema: './src/lib/server/store/sqlite/schema.ts',
	out: './migrations',
	dialect: 'sqlite'
});

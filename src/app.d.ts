import type { LiveAppends } from '#ingest/live-client.ts';
import type { TraceStore } from '#lib/server/store/store.ts';

declare global {
	namespace App {
		interface Locals {
			store: TraceStore;
			appends: LiveAppends;
			/** The store's file, for the worker that loads uploads. */
			databaseFile: string;
		}
	}
}

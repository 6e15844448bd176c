import type { TraceStore } from '#lib/server/store/store.ts';

declare global {
	namespace App {
		interface Locals {
			store: TraceStore;
		}
	}
}

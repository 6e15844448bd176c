/** Endings of trace files and of what they are compressed with: none of them belongs to a name. */
const ENDINGS = /(\.(gz|zst|ndjson|jsonl|json|txt|log|dat|csv))+$/i;

/** The name of a session made from a file: its own without folders and endings. `a/trace.csv.gz` → `trace` */
export function sessionName(file: string): string {
	const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
	return base.replace(ENDINGS, '') || 'session';
}

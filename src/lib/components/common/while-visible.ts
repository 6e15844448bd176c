/** Calls `look` every `everyMs` while the page shows, and at once when it shows again; returns what ends that. */
export function whileVisible(look: () => void, everyMs: number): () => void {
	const seen = () => {
		if (document.visibilityState === 'visible') look();
	};
	const timer = setInterval(seen, everyMs);
	document.addEventListener('visibilitychange', seen);
	return () => {
		clearInterval(timer);
		document.removeEventListener('visibilitychange', seen);
	};
}

// Runs before the first paint, so that a page never flashes in the other theme.
try {
	const theme = localStorage.getItem('pagetrail-theme');
	if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
	// no storage: the system's wish counts
}

// Before the first paint: the theme must not flash. Where storage is forbidden the system's stays.
try {
	const theme = localStorage.getItem("theme");
	if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {}

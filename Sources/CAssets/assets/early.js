// Before the first paint: the theme must not flash.
try {
	const theme = localStorage.getItem("theme");
	if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {/* storage may be forbidden: the system's theme stays */}

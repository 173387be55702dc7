// The system's theme or a chosen one; the light one on paper.
import {$, root} from "./dom.js";

const NAMES = ["auto", "dark", "light"], TEXTS = {auto: "as the system", dark: "dark", light: "light"};
let repaint = () => {};
const current = () => root.dataset.theme ?? "auto";

function name() {const text = `Theme: ${TEXTS[current()]}`; $("theme").setAttribute("aria-label", text); $("theme").title = `${text} (t)`; $("menu").querySelector("[data-of=theme]").textContent = text}

export function nextTheme() {
	const theme = NAMES[(NAMES.indexOf(current()) + 1) % 3];
	if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
	// Where storage is forbidden the choice holds until reload.
	try {localStorage.setItem("theme", theme)} catch {}
	name();
	repaint();
}

// `paper`: draws for paper at once (the browser prints what is drawn when the event has passed), or for the screen again.
export function startTheme(paint, paper) {
	repaint = paint;
	name();
	for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"]) matchMedia(query).addEventListener("change", () => repaint());
	// A window that moves to another screen.
	const screen = () => matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => {screen(); repaint()}, {once: true});
	screen();
	let before;
	addEventListener("beforeprint", () => {before = root.dataset.theme; root.dataset.theme = "light"; paper(true)});
	addEventListener("afterprint", () => {if (before) root.dataset.theme = before; else delete root.dataset.theme; paper(false)});
}

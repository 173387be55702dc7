// Each entry: its names for the help, the keys, the act.
import {view, setCursor, setWindow, zoom, whole, move, pause, windowEnd, windowStart, changed, latest} from "./view.js";
import {scrollLanes, page} from "./scope.js";
import {model} from "./model.js";
import {$} from "./dom.js";

let acts = {};

function step(event, sign) {
	const unit = (view.span / 120) * (event.shiftKey ? 10 : 1), from = view.cursor ?? windowEnd(), to = from + sign * unit;
	if (to < windowStart() || to > windowEnd()) move(sign * unit);
	setCursor(to);
}

export function marker() {
	if (view.marker != null && (view.cursor == null || Math.abs(view.marker - view.cursor) < view.span / 200)) view.marker = null;
	else view.marker = view.cursor ?? windowEnd();
	$("mark").setAttribute("aria-pressed", String(view.marker != null));
	changed("cursor");
}

function focusPane(id) {
	if (innerWidth < 760) acts.tab(id);
	const pane = $(id);
	(pane.querySelector(".targets button[tabindex='0'], #card button, #card input, .figure") ?? pane).focus();
}

export const KEYS = [
	["Time", [
		["← →", "cursor (Shift: ten times)", ["ArrowLeft", "ArrowRight"], (e) => step(e, e.key === "ArrowLeft" ? -1 : 1)],
		["+ −", "zoom", ["+", "=", "-", "_"], (e) => zoom(e.key === "+" || e.key === "=" ? 0.5 : 2)],
		["0", "whole time that is kept, again: a minute", ["0"], () => whole()],
		["Home", "earliest that is kept", ["Home"], () => {const t = model.from ?? latest() - 1800000; setWindow(view.span, t + view.span)}],
		["End", "back to now", ["End"], () => acts.now()],
		["Space", "pause; what arrives is kept", [" "], () => pause()],
		["x", "marker at the cursor; time to it is shown", ["x"], () => marker()],
		["l", "copy a link to the shown moment", ["l"], () => acts.link()],
	]],
	["Lanes", [
		["↑ ↓ j k", "scroll lanes", ["ArrowUp", "ArrowDown", "j", "k"], (e) => scrollLanes(e.key === "ArrowUp" || e.key === "k" ? -1 : 1)],
		["PgUp PgDn", "a page of lanes", ["PageUp", "PageDown"], (e) => scrollLanes(e.key === "PageUp" ? -page() : page())],
		["/", "filter by name, ! inverts", ["/"], () => acts.find()],
	]],
	["Page", [
		["1 2 3 4", "Flow, Scope, Decision, Health", ["1", "2", "3", "4"], (e) => focusPane(["flow", "scope", "decision", "health"][e.key - 1])],
		["Tab ↑ ↓ Enter", "to a pane, in its list, open", [], null],
		["n", "newest opening", ["n"], () => acts.newest()],
		["Esc", "leave: cursor, filter, detail, pinned card", ["Escape"], () => acts.leave()],
		["p", "play or stop a recording", ["p"], () => acts.play()],
		["t", "theme: system, dark, light", ["t"], () => acts.theme()],
		["?", "this help", ["?"], () => acts.help()],
	]],
];
export const POINTER = [["move, click", "cursor; open a gate, collapse, mind"], ["wheel, pinch", "zoom at the pointer"], ["Shift-wheel, two fingers", "scroll lanes"], ["drag the overview", "move the window"], ["double click", "whole time"]];

export function startKeys(actions) {
	acts = actions;
	const table = new Map();
	for (const [, list] of KEYS) for (const [, , keys, run] of list) for (const key of keys) table.set(key, run);
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
		const at = event.target, field = at.matches?.("input, textarea, select");
		if (field && event.key !== "Escape") return;
		if (event.key === " " && at.matches?.("button")) return;
		if (at.closest?.("#card, #detail") && /^(Arrow|Page|Home|End)/.test(event.key)) return;
		const run = table.get(event.key);
		if (!run) return;
		event.preventDefault();
		run(event);
	});
}

// Each entry: its keys as the help shows them, their meaning, the keys, the act. The keys are the terminal's (`?` in `nimmer wave tail`).
import {view, setCursor, setWindow, zoom, whole, move, pause, following, earliest, windowEnd, windowStart, changed} from "./view.js";
import {scrollLanes, page} from "./scope.js";
import {toggleRaw} from "./decision.js";
import {play, speedUp} from "./header.js";
import {reveal} from "./tabs.js";
import {$} from "./dom.js";

let acts = {};

function step(event) {
	const sign = /^(ArrowLeft|h)$/i.test(event.key) ? -1 : 1, unit = sign * (view.span / 120) * (event.shiftKey || /^[HL]$/.test(event.key) ? 10 : 1), to = (view.cursor ?? windowEnd()) + unit;
	if (to < windowStart() || to > windowEnd()) move(unit);
	setCursor(to);
}

// A page of lanes, or of time where all lanes are seen.
function turn(sign) {
	if (page()) scrollLanes(sign * page());
	else move(sign * view.span);
}

function raise(sign) {
	view.least = Math.max(0, Math.min(20, Math.round(view.least * 20) + sign)) / 20;
	changed("lanes");
}

export function marker() {
	const isThere = view.marker != null && (view.cursor == null || Math.abs(view.marker - view.cursor) < view.span / 200);
	view.marker = isThere ? null : view.cursor ?? windowEnd();
	changed("marker");
}

function focusPane(id) {
	reveal(id);
	const pane = $(id);
	(pane.querySelector(".targets button[tabindex='0'], #card button, #card input, .figure") ?? pane).focus();
}

// Keys of the terminal that a page does not need: s | o O | c | w | e | Ctrl-L | Ctrl-Z | q  Ctrl-C
export const KEYS = [
	["Time", [
		["Space", "pause; again: live", [" "], () => (following() ? pause() : acts.now())],
		["← →  h l", "cursor; Shift or H L: ×10", ["ArrowLeft", "ArrowRight", "h", "l", "H", "L"], step],
		["Home  End", "the earliest; live again", ["Home", "End"], (e) => (e.key === "End" ? acts.now() : setWindow(view.span, earliest() + view.span))],
		["+ -  0", "zoom in, out; all, again: a minute", ["+", "=", "-", "_", "0"], (e) => (e.key === "0" ? whole() : zoom(/[+=]/.test(e.key) ? 0.5 : 2))],
		["x", "second marker, or none", ["x"], () => marker()],
		["i", "copy a link to the shown moment", ["i"], () => acts.link()],
	]],
	["Panes", [
		["Tab  1–4", "next pane, or by number", ["1", "2", "3", "4"], (e) => focusPane(["flow", "scope", "decision", "health"][e.key - 1])],
		["↑ ↓  k j", "gate, mark; lanes", ["ArrowUp", "ArrowDown", "k", "j"], (e) => scrollLanes(/^(ArrowUp|k)$/.test(e.key) ? -1 : 1)],
		["PgUp PgDn", "a page of lanes or time", ["PageUp", "PageDown"], (e) => turn(e.key === "PageUp" ? -1 : 1)],
		["Enter", "open the selected", [], null],
		["r", "payloads pretty or raw", ["r"], () => toggleRaw()],
		["y n u", "opening: confirm, fail, undo; Enter", ["y", "n", "u"], (e) => acts.outcome({y: "confirmed", n: "failed", u: "undo"}[e.key])],
		["N", "newest opening", ["N"], () => acts.newest()],
		["Esc", "close, back to live", ["Escape"], () => acts.leave()],
	]],
	["What is shown", [
		["/", "filter: name of a lane or cell", ["/"], () => acts.find()],
		["/!", "hide what contains it", [], null],
		["m M", "least confidence − +", ["m", "M"], (e) => raise(e.key === "M" ? 1 : -1)],
	]],
	["Recording", [
		["p", "playback: stop, continue", ["p"], () => play()],
		["< >", "playback slower, faster", ["<", ">"], (e) => speedUp(e.key === ">" ? 2 : 0.5)],
	]],
	["Page", [
		["?", "this help", ["?"], () => acts.help()],
		["t", "theme: as the system's, dark, light", ["t"], () => acts.theme()],
	]],
];
export const POINTER = [["move, click", "cursor; open a gate, collapse, mind"], ["wheel, pinch", "zoom at the pointer"], ["Shift-wheel, two fingers", "scroll lanes"], ["drag the overview", "move the window"], ["double click", "whole time"]];

export function startKeys(actions) {
	acts = actions;
	const table = new Map();
	for (const [, list] of KEYS) for (const [, , keys, run] of list) for (const key of keys) table.set(key, run);
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || $("keys").open || $("menu").matches(":popover-open")) return;
		const at = event.target, field = at.matches?.("input:not([type=range])");
		if (field && event.key !== "Escape") return;
		if (event.key === " " && at.matches?.("button")) return;
		if (at.closest?.("#card, #detail") && /^(Arrow|Page|Home|End)/.test(event.key)) return;
		const run = table.get(event.key);
		if (!run) return;
		event.preventDefault();
		run(event);
	});
}

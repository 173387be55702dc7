// The page without its canvases: lists of buttons over what is drawn, in the order of focus, and a live region.
import {model, gateAt} from "./model.js";
import {moment, view, setCursor} from "./view.js";
import {h, setText, $} from "./dom.js";
import {signed} from "./draw.js";
import {clock, duration} from "./time.js";

/** One list with one stop of Tab: arrows move in it. */
function roving(list) {
	list.addEventListener("keydown", (event) => {
		const all = [...list.querySelectorAll("button")], i = all.indexOf(document.activeElement);
		const to = {ArrowDown: i + 1, ArrowUp: i - 1}[event.key];
		if (to === undefined || i < 0 || !all.length) return;
		event.preventDefault();
		event.stopPropagation();
		const next = all[Math.max(0, Math.min(all.length - 1, to))];
		for (const b of all) b.tabIndex = b === next ? 0 : -1;
		next.focus();
	});
	list.addEventListener("focusin", (event) => {for (const b of list.querySelectorAll("button")) b.tabIndex = b === event.target ? 0 : -1;});
}

function place(button, x, y, w, hgt) {
	Object.assign(button.style, {left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${hgt}px`});
}

let flowItems = [], pickGate = () => {}, pickMind = () => {}, pickSpot = () => {}, pickFold = () => {};

export function startAccess(actions) {
	({pickGate, pickMind, pickSpot, pickFold} = actions);
	roving($("flow-list"));
	roving($("scope-list"));
}

/** Buttons over the gates, minds and organs of a new layout; the focused one is kept. */
export function flowTargets(L) {
	const list = $("flow-list"), held = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
	flowItems = [];
	const add = (key, text, run, x, y, w, hgt) => {
		const span = h("span", ""), button = h("button", {type: "button", "data-key": key, onclick: run}, span);
		place(button, x, y, w, hgt);
		flowItems.push({span, text, button});
		button.tabIndex = -1;
		return h("li", button);
	};
	const nodes = [];
	if (view.fold != null) nodes.push(add("all", () => "All regions", () => pickFold(null), 16, 58, 96, 24));
	for (const row of L.rows) {
		if (!row.gates.length) continue;
		const hgt = Math.max(24, row.h), y = row.y + (row.h - hgt) / 2;
		if (row.gate) nodes.push(add(`g${row.gate.slot}`, () => gateText(row.gate), () => pickGate(row.gate), row.x, y, row.w, hgt));
		else nodes.push(add(`f${row.fold}`, () => `${row.fold}, ${row.gates.length} gates`, () => pickFold(row.fold), row.x, y, row.w, hgt));
	}
	model.minds.forEach((m, i) => {const b = L.minds[i]; if (b) nodes.push(add(`m${i}`, () => `${m.n}, ${m.kind === "bridge" ? "bridge" : "mind"}: ${m.text || "no question yet"}`, () => pickMind(i), b.x, b.y, b.w, b.h));});
	model.organs.forEach((o, i) => {const b = L.organs[i]; if (b) nodes.push(add(`o${i}`, () => `${o.n}, organ: ${o.text || "no command yet"}`, () => pickMind(i, true), b.x, b.y, b.w, b.h));});
	list.replaceChildren(...nodes);
	const first = list.querySelector("button");
	if (first) first.tabIndex = 0;
	if (held) list.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
	writeFlow();
}

function gateText(gate) {
	const s = gateAt(gate, moment());
	return `${gate.n}, ${s.state.toLowerCase()}, potential ${signed(s.x)}, ${gate.cells.length} cell${gate.cells.length === 1 ? "" : "s"}`;
}
export function writeFlow() {for (const item of flowItems) setText(item.span, item.text());}

const spots = new Map();
const spotText = (s) => {
	const gate = model.gates[s.item.g]?.n ?? "", at = clock(s.t);
	if (s.kind === "opening") return `${gate} opened at ${at}, confidence ${s.item.confidence?.toFixed(2)}`;
	if (s.kind === "ask") return `Question about ${gate} at ${at}`;
	if (s.kind === "answer") return `Answer at ${at}: ${s.item.answer.text}`;
	return `Command ${s.item.text} at ${at}${s.item.end ? `, ${s.item.end.ok ? "ok" : "failed"}` : ""}`;
};

/** Buttons over the marks in the scope's window, newest 40; each is kept while its mark is shown. */
export function scopeTargets(G) {
	const list = $("scope-list"), shown = G.spots.filter((s) => s.x >= G.x - 6 && s.x <= G.x + G.w + 6).sort((a, b) => a.t - b.t).slice(-40), keys = new Set();
	for (const s of shown) {
		const key = `${s.kind}${s.id}${s.t}`;
		keys.add(key);
		let item = spots.get(key);
		if (!item) {
			const span = h("span", ""), button = h("button", {type: "button", onclick: () => pickSpot(item.spot), onfocus: () => {if (button.matches(":focus-visible")) setCursor(item.spot.t);}}, span);
			button.tabIndex = -1;
			spots.set(key, item = {li: h("li", button), button, span, spot: s});
			list.append(item.li);
			setText(span, spotText(s));
		}
		item.spot = s;
		const size = G.phone ? 44 : 24;
		item.button.style.transform = `translate(${Math.round(s.x - size / 2)}px, ${Math.round(s.y - size / 2)}px)`;
		item.button.style.width = item.button.style.height = `${size}px`;
	}
	let stop = false;
	for (const [key, item] of spots) {
		if (!keys.has(key) && item.button !== document.activeElement) {item.li.remove(); spots.delete(key);}
		else if (item.button.tabIndex === 0) stop = true;
	}
	if (!stop) {const first = list.querySelector("li:last-child button"); if (first) first.tabIndex = 0;}
}
export function writeScope() {for (const item of spots.values()) setText(item.span, spotText(item.spot));}

// Live region: openings and answers, at most one notice in 3 s, then their number.
let waiting = [], spokenAt = -Infinity, timer = 0;
function speak() {
	timer = 0;
	if (!waiting.length) return;
	const openings = waiting.filter((w) => w.opening).length;
	const text = waiting.length === 1 ? waiting[0].text : [openings ? `${openings} gate${openings === 1 ? "" : "s"} opened` : "", waiting.length > openings ? `${waiting.length - openings} answer${waiting.length - openings === 1 ? "" : "s"}` : ""].filter(Boolean).join(", ");
	$("live-region").textContent = text;
	spokenAt = performance.now();
	waiting = [];
}
export function announce(text, opening) {
	waiting.push({text, opening});
	if (!timer) timer = setTimeout(speak, Math.max(50, spokenAt + 3000 - performance.now()));
}
export function announceFrame(m, gate) {
	if (m.k === "collapse" && gate != null) announce(`Gate ${model.gates[gate].n} opened, confidence ${Number(m.confidence).toFixed(2)}`, true);
	if (m.k === "response") announce(`Answer: ${m.text || m.outcome || "none"}${m.took ? `, after ${duration(m.took)}` : ""}`, false);
}

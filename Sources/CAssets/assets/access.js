// Lists of buttons over what is drawn, in the order of focus, and a live region.
import {model, gateAt} from "./model.js";
import {moment, view, setCursor} from "./view.js";
import {h, setText, $} from "./dom.js";
import {signed} from "./draw.js";
import {clock, duration} from "./time.js";

let flowItems = [], picks = {}, placedAt = 0, placing = 0;
const spots = new Map(), many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
function roving(list) {
	const all = () => [...list.querySelectorAll("button")];
	list.addEventListener("focusin", (event) => {for (const b of all()) b.tabIndex = b === event.target ? 0 : -1});
	list.addEventListener("keydown", (event) => {
		const step = {ArrowDown: 1, j: 1, ArrowUp: -1, k: -1}[event.key], buttons = all();
		if (!step) return;
		event.preventDefault();
		buttons[Math.max(0, Math.min(buttons.length - 1, buttons.indexOf(event.target) + step))].focus();
	});
}

// `pick`: `{gate(gate), mind(slot, isOrgan), spot(spot), fold(prefix)}`.
export function startAccess(pick) {
	picks = pick;
	roving($("flow-list"));
	roving($("scope-list"));
}

function target(list, run) {
	const span = h("span"), button = h("button", {onclick: run}, span), li = h("li", button);
	button.tabIndex = -1;
	list.append(li);
	return {li, button, span};
}

export function flowTargets(L) {
	const list = $("flow-list"), held = list.contains(document.activeElement) && document.activeElement.dataset.key;
	list.replaceChildren();
	flowItems = [];
	const add = (key, {x, y, w, h: high}, text, run) => {
		const item = {...target(list, run), text}, tall = Math.max(24, high);
		Object.assign(item.button.style, {left: `${x}px`, top: `${y + (high - tall) / 2}px`, width: `${w}px`, height: `${tall}px`});
		item.button.dataset.key = key;
		flowItems.push(item);
	};
	if (view.fold != null) add("all", {x: 12, y: 38, w: 80, h: 24}, () => "All regions", () => picks.fold(null));
	for (const row of L.rows) {
		if (row.gate) add(`g${row.gate.slot}`, row, () => gateText(row.gate), () => picks.gate(row.gate));
		else if (row.fold != null) add(`f${row.fold}`, row, () => `${row.fold}, ${many(row.gates.length, "gate")}`, () => picks.fold(row.fold));
	}
	model.minds.forEach((m, i) => add(`m${i}`, L.minds[i], () => `${m.n}, ${m.kind === "bridge" ? "bridge" : "mind"}: ${m.text || "no question yet"}`, () => picks.mind(i)));
	model.organs.forEach((o, i) => add(`o${i}`, L.organs[i], () => `${o.n}, organ: ${o.text || "no command yet"}`, () => picks.mind(i, true)));
	if (flowItems.length) flowItems[0].button.tabIndex = 0;
	flowItems.find((i) => i.button.dataset.key === held)?.button.focus();
	writeFlow();
}

function gateText(gate) {
	const {state, x} = gateAt(gate, moment());
	// Of a gate that the thalamus has not reported, the trust is not known.
	return `${gate.n}, ${state.toLowerCase()}, potential ${x == null ? "unknown" : signed(x)}, ${many(gate.cells.length, "cell")}${gate.w == null ? "" : `, trust ${gate.w.toFixed(2)}`}`;
}
export function writeFlow() {for (const item of flowItems) setText(item.span, item.text())}

function spotText({kind, t, item}) {
	const gate = model.gates[item.g]?.n ?? "", at = clock(t);
	if (kind === "opening") return `${gate} opened at ${at}, confidence ${item.confidence?.toFixed(2)}`;
	if (kind === "ask") return `Question about ${gate} at ${at}`;
	if (kind === "answer") return `Answer at ${at}: ${item.answer.text}`;
	return `Command ${item.text} at ${at}${item.end ? `, ${item.end.ok ? "ok" : "failed"}` : ""}`;
}

export function scopeTargets(G, at) {
	clearTimeout(placing);
	if (at - placedAt < 500) {placing = setTimeout(() => scopeTargets(G, performance.now()), 500); return}
	placedAt = at;
	const list = $("scope-list"), keys = new Set(), size = G.phone ? 44 : 24;
	for (const s of G.spots.sort((a, b) => a.t - b.t).slice(-40)) {
		const key = `${s.kind}${s.item.id}`;
		keys.add(key);
		let item = spots.get(key);
		if (!item) {
			spots.set(key, item = target(list, () => picks.spot(item.spot)));
			item.button.addEventListener("focus", () => {if (item.button.matches(":focus-visible")) setCursor(item.spot.t)});
			setText(item.span, spotText(s));
		}
		item.spot = s;
		Object.assign(item.button.style, {transform: `translate(${Math.round(s.x - size / 2)}px, ${Math.round(s.y - size / 2)}px)`, width: `${size}px`, height: `${size}px`});
	}
	let stop = false;
	for (const [key, {li, button}] of spots) {
		if (!keys.has(key) && button !== document.activeElement) {li.remove(); spots.delete(key)} else stop ||= button.tabIndex === 0;
	}
	const newest = list.querySelector("li:last-child button");
	if (!stop && newest) newest.tabIndex = 0;
}
export function writeScope() {for (const item of spots.values()) setText(item.span, spotText(item.spot))}

// Live region: openings and answers, at most one notice in 3 s, then their number.
let waiting = [], spokenAt = -Infinity, timer = 0;
function speak() {
	const openings = waiting.filter((w) => w.opening).length, answers = waiting.length - openings;
	$("live-region").textContent = waiting.length === 1 ? waiting[0].text : [openings && `${many(openings, "gate")} opened`, answers && many(answers, "answer")].filter(Boolean).join(", ");
	spokenAt = performance.now();
	waiting = [];
	timer = 0;
}
export function announce(m, gate) {
	if (document.hidden) return;
	if (m.k === "collapse" && gate != null) waiting.push({opening: true, text: `Gate ${model.gates[gate].n} opened, confidence ${Number(m.confidence).toFixed(2)}`});
	else if (m.k === "response") waiting.push({text: `Answer: ${m.text || m.outcome}${m.took ? `, after ${duration(m.took)}` : ""}`});
	else return;
	timer ||= setTimeout(speak, Math.max(50, spokenAt + 3000 - performance.now()));
}

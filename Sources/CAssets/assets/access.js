// Lists of buttons over what is drawn, in the order of focus, and a live region.
import {model, gateAt, cellAt, strongest} from "./model.js";
import {moment, view, setCursor} from "./view.js";
import {h, bdi, $} from "./dom.js";
import {signed, plain} from "./draw.js";
import {clock, duration, length} from "./time.js";
import {overview, longer} from "./overview.js";

let flowItems = [], scopeItems = [], flowList, scopeList, picks = {}, placedAt = 0, placing = 0, turn = 0, tick = 0;
const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
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
	flowList = targets($("flow-list"));
	scopeList = targets($("scope-list"));
	$("scope-list").addEventListener("focusin", scopeFocused);
}

// Elements of a list by key: each keeps its own, in the order in which they are asked for.
function targets(list) {
	let held = new Map(), next = new Map();
	return {
		add(key, run) {
			let item = held.get(key);
			if (!item) {
				const span = h("span"), button = h("button", {onclick: () => item.run()}, span);
				item = {li: h("li", button), button, span};
				button.tabIndex = -1;
				button.dataset.key = key;
			}
			item.run = run;
			next.set(key, item);
			return item;
		},
		// Ends a round: what was not asked for goes, but for what has the focus. Answers those that stay.
		end() {
			let rest = null;
			for (const entry of held) {
				if (next.has(entry[0])) continue;
				if (entry[1].button === document.activeElement) rest = entry;
				else entry[1].li.remove();
			}
			let at = list.firstElementChild;
			for (const {li} of next.values()) {
				if (at === rest?.[1].li) at = at?.nextElementSibling;
				if (li === at) at = at.nextElementSibling;
				else list.insertBefore(li, at ?? null);
			}
			if (rest) next.set(...rest);
			[held, next] = [next, new Map()];
			return [...held.values()];
		},
	};
}

// Text with names in it, each a list of one, isolated from the direction of what is beside it.
const isolated = (parts) => parts.map((part) => (Array.isArray(part) ? bdi(part[0]) : part));
function setParts(element, parts) {if (element.textContent !== parts.flat().join("")) element.replaceChildren(...isolated(parts))}

export function flowTargets(L) {
	const add = (key, {x, y, w, h: high}, parts, run) => {
		const item = flowList.add(key, run), tall = Math.max(24, high);
		item.parts = parts;
		Object.assign(item.button.style, {left: `${x}px`, top: `${y + (high - tall) / 2}px`, width: `${w}px`, height: `${tall}px`});
	};
	if (view.fold != null) add("all", {x: 12, y: 38, w: 80, h: 24}, () => ["All regions"], () => picks.fold(null));
	for (const row of L.rows) {
		if (row.gate) add(`g${row.gate.slot}`, row, () => gateParts(row.gate), () => picks.gate(row.gate));
		else if (row.fold != null) add(`f${row.fold}`, row, () => [[row.fold], `, ${many(row.gates.length, "gate")}`], () => picks.fold(row.fold));
	}
	model.minds.forEach((m, i) => add(`m${i}`, L.minds[i], () => [[m.n], `, ${m.kind === "bridge" ? "bridge" : "mind"}: `, [m.text || "no question yet"]], () => picks.mind(i)));
	model.organs.forEach((o, i) => add(`o${i}`, L.organs[i], () => [[o.n], ", organ: ", [o.text || "no command yet"]], () => picks.mind(i, true)));
	flowItems = flowList.end();
	if (flowItems.length && !flowItems.some((i) => i.button.tabIndex === 0)) flowItems[0].button.tabIndex = 0;
	for (const item of flowItems) setParts(item.span, item.parts());
}

const NAMED = 8;
function gateParts(gate) {
	const when = moment(), {state, x} = gateAt(gate, when), more = gate.cells.length - NAMED;
	const cells = gate.cells.slice(0, NAMED).flatMap((slot) => [", ", [model.cells[slot].n], ` ${plain(cellAt(model.cells[slot], when))}`]);
	// Of a gate that the thalamus has not reported, the trust is not known.
	const trust = gate.w == null ? "" : `, trust ${plain(gate.w)}`;
	return [[gate.n], `, ${state.toLowerCase()}, potential ${x == null ? "unknown" : signed(x)}, ${many(gate.cells.length, "cell")}${trust}`, ...cells, more > 0 ? ` and ${more} more` : ""];
}
// A dozen texts at a time, and that of the focus: hundreds at once would hold up a frame.
function writeSome(items) {
	const apart = Math.ceil(items.length / 12);
	tick++;
	items.forEach((item, i) => {if ((i + tick) % apart === 0 || item.button === document.activeElement) setParts(item.span, item.parts())});
}
export const writeFlow = () => writeSome(flowItems);

function spotParts({kind, t, item}) {
	const gate = [model.gates[item.g]?.n ?? ""], at = clock(t);
	if (kind === "opening") return [gate, ` opened at ${at}, confidence ${item.confidence?.toFixed(2)}`];
	if (kind === "ask") return ["Question about ", gate, ` at ${at}`];
	if (kind === "answer") return [`Answer at ${at}: `, [item.answer.text]];
	return ["Command ", [item.text], ` at ${at}${item.end ? `, ${item.end.ok ? "ok" : "failed"}` : ""}`];
}

function laneParts({gate, name, cells}) {
	const when = moment();
	return [[name], `, ${gate ? gateAt(gate, when).state.toLowerCase() : "no gate"}, ${plain(strongest(cells, when))}`];
}

// Lanes, the overview, then marks in order of time. Only what has the focus is seen: the others follow at leisure.
export function scopeTargets(G, at) {
	clearTimeout(placing);
	if (at - placedAt < 500) {placing = setTimeout(() => scopeTargets(G, performance.now()), 500); return}
	placedAt = at;
	turn++;
	const size = G.phone ? 44 : 24;
	for (const lane of G.lanes) {
		const item = scopeList.add(lane.gate ? `g${lane.gate.slot}` : `c${lane.cells[0]}`, () => {if (lane.gate) picks.gate(lane.gate)});
		item.parts = () => laneParts(lane);
		item.place = () => Object.assign(item.button.style, {transform: `translate(8px, ${Math.round(lane.y)}px)`, width: `${G.x - 12}px`, height: `${lane.h}px`});
	}
	const long = scopeList.add("overview", longer), {y, h: high} = G.overview;
	long.parts = () => [`Overview of ${length(overview.span)}; press for a longer one`];
	long.place = () => Object.assign(long.button.style, {transform: `translate(8px, ${Math.round(y + (high - size) / 2)}px)`, width: `${G.x - 12}px`, height: `${size}px`});
	for (const s of G.spots.sort((a, b) => a.t - b.t).slice(-40)) {
		const item = scopeList.add(`${s.kind}${s.item.id}`, () => picks.spot(s));
		item.parts = () => spotParts(s);
		item.place = () => Object.assign(item.button.style, {transform: `translate(${Math.round(s.x - size / 2)}px, ${Math.round(s.y - size / 2)}px)`, width: `${size}px`, height: `${size}px`});
		item.focused = () => setCursor(s.t);
	}
	scopeItems = scopeList.end();
	for (const item of scopeItems) {
		if (!item.placed || turn % 5 === 0 || item.button === document.activeElement) item.place();
		if (!item.placed) setParts(item.span, item.parts());
		item.placed = true;
	}
	if (scopeItems.length && !scopeItems.some((i) => i.button.tabIndex === 0)) $("scope-list").querySelector("li:last-child button").tabIndex = 0;
}
function scopeFocused({target}) {
	const item = scopeItems.find((i) => i.button === target);
	item?.place();
	if (target.matches(":focus-visible")) item?.focused?.();
}
export const writeScope = () => writeSome(scopeItems);

// Live region: openings, answers and what waits for a confirmation, at most one notice in 3 s, then their numbers.
let waiting = [], spokenAt = -Infinity, timer = 0;
const COUNTED = [["opening", (n) => `${many(n, "gate")} opened`], ["answer", (n) => many(n, "answer")], ["command", (n) => `${many(n, "command")} to approve`]];
function speak() {
	const counts = COUNTED.map(([kind, text]) => [waiting.filter((w) => w.kind === kind).length, text]).filter(([n]) => n);
	$("live-region").replaceChildren(...(waiting.length === 1 ? isolated(waiting[0].parts) : [counts.map(([n, text]) => text(n)).join(", ")]));
	spokenAt = performance.now();
	waiting = [];
	timer = 0;
}
export function announce(kind, parts) {
	if (document.hidden) return;
	waiting.push({kind, parts});
	timer ||= setTimeout(speak, Math.max(50, spokenAt + 3000 - performance.now()));
}
export function announceFrame(m, gate) {
	if (m.k === "collapse" && gate != null) announce("opening", ["Gate ", [model.gates[gate].n], ` opened, confidence ${Number(m.confidence).toFixed(2)}`]);
	else if (m.k === "response") announce("answer", ["Answer: ", [m.text || m.outcome], m.took ? `, after ${duration(m.took)}` : ""]);
}

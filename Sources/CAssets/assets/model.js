// Names in fixed slots, states, and marks of the last half hour.
import {setClock, sourceNow, freezeClock} from "./time.js";
import * as ring from "./ring.js";

// A command without a result is followed for a minute.
export const LONG = 60000;
const KEPT = 20000, UNMATCHED = 256, GATE = {state: "STABLE", x: 0, t: 0, open: 0.5, close: -0.5, release: 0.5, window: 2000, w: null}, SILENT = {v: null, at: 0, hz: 0};

export const model = {
	ready: false, frozen: null, boot: null, role: "observer", csrf: "", env: "", source: {kind: "live", name: ""}, mode: null, from: null,
	cells: [], gates: [], minds: [], organs: [], free: [], collapses: 0, health: null, behind: 1, openings: [], requests: [], commands: [], version: 0, lastAt: 0,
};

export const isRecording = () => model.source.kind === "recording";

export const hooks = {wave() {}, frame() {}, names() {}, snapshot() {}, gap() {}};

// The server's numbers → the slots of this page. A slot never changes until reload.
const slots = {cells: [], gates: [], minds: [], organs: []}, byKey = {cells: new Map(), gates: new Map(), minds: new Map(), organs: new Map()};
export const cellSlot = (c) => slots.cells[c];
export const mindSlot = (m) => slots.minds[m];
export const organSlot = (o) => slots.organs[o];
export const gateOf = (g) => (g == null ? null : model.gates[slots.gates[g]]);
// By its key: what is displayed of two names may be the same.
function place(kind, item) {
	const key = item.key ?? `${item.virtual ? "~" : ""}${item.n}`, list = model[kind];
	let slot = byKey[kind].get(key);
	if (slot === undefined) {
		byKey[kind].set(key, slot = list.length);
		list.push({slot, key, n: item.n, ...(kind === "cells" ? SILENT : kind === "gates" ? {cells: [], history: []} : null)});
		if (kind === "cells") ring.addCell();
		if (kind === "gates") ring.addGate();
	}
	slots[kind].push(slot);
	return list[slot];
}

function takeNames(m) {
	for (const item of m.gates ?? []) {
		const gate = place("gates", item);
		Object.assign(gate, GATE, item, {half: item.half || 2000});
		if (item.t) ring.putGate(gate.slot, item.t, gate.x);
		if (item.state === "OPEN" && item.since != null) remember(gate, {t: item.since, state: "OPEN"});
	}
	for (const item of m.cells ?? []) {
		const cell = place("cells", item);
		cell.virtual = !!item.virtual;
		cell.domain = ["cognitive", "organs", "federation"].includes(item.domain) ? item.domain : "nervous";
		if (item.v != null && item.at != null) Object.assign(cell, {v: item.v, at: item.at});
		join(cell, item.gate);
	}
	for (const kind of ["minds", "organs"]) for (const item of m[kind] ?? []) Object.assign(place(kind, item), item);
	for (const [c, g] of m.moved ?? []) join(model.cells[slots.cells[c]], g);
	model.version++;
}

function join(cell, g) {
	const to = gateOf(g)?.cells ?? model.free;
	if (cell.list === to) return;
	cell.list?.splice(cell.list.indexOf(cell.slot), 1);
	cell.list = to;
	to.push(cell.slot);
	to.sort((a, b) => model.cells[a].virtual - model.cells[b].virtual || a - b);
}

// The number of items of a list, in order of time, that are not after `t`.
export function upTo(list, t) {
	let low = 0, high = list.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (list[middle].t <= t) low = middle + 1;
		else high = middle;
	}
	return low;
}

function insert(list, item) {
	list.splice(upTo(list, item.t), 0, item);
	if (list.length > KEPT) list.shift();
}

// Openings, requests and commands, each once. A result may come before its command, from a later block of history.
const byID = {openings: new Map(), requests: new Map(), commands: new Map()}, unmatched = [];
// The opening of each collapse.
const opened = new Map();
function add(kind, item) {
	byID[kind].set(item.id, item);
	insert(model[kind], item);
	return item;
}

// Drops what is older than the ring and not in the coarse window that is shown; the newest openings stay.
function trim() {
	const tail = ring.tail() * ring.SLOT, {shot} = ring.far, kept = ({t}) => t >= tail || (shot && t >= shot.from && t <= shot.to);
	for (const [kind, map] of Object.entries(byID)) {
		const list = model[kind], least = list.length - 50;
		if (list[0]?.t >= tail) continue;
		model[kind] = list.filter((item, i) => i >= least || kept(item));
		if (map.size > model[kind].length) byID[kind] = new Map(model[kind].map((item) => [item.id, item]));
	}
	for (const [c, id] of opened) if (!byID.openings.has(id)) opened.delete(c);
	for (const gate of model.gates) {
		// The last change before the ring is the state at its begin.
		const last = upTo(gate.history, tail) - 1;
		if (last > 0) gate.history = gate.history.filter((change, i) => i >= last || kept(change));
	}
}

// The id by which the decision is asked for that a request or command belongs to; null where none is known.
export const decisionOf = (item) => opened.get(item.c) ?? item.open;

function remember(gate, change) {
	const {history} = gate;
	for (let i = upTo(history, change.t - 60); history[i]?.t < change.t + 60; i++) if (history[i].state === change.state) return;
	insert(history, change);
}

function end(command, {t, ok}) {if (!command.end || t < command.end.t) command.end = {t, ok}}
const belongs = (command, result) => (result.id != null ? command.id === result.id : command.o === result.o && command.t <= result.t && result.t < command.t + LONG && (command.end?.t ?? result.t) === result.t);

export function mark(m, past) {
	const gate = gateOf(m.g), g = gate?.slot ?? null, mind = mindSlot(m.m), o = organSlot(m.o), {t} = m;
	const now = (thing, fields) => {if (!past && thing) Object.assign(thing, fields)};
	if (m.k === "gate" && gate) {
		remember(gate, {t, state: m.state, from: m.from});
		if (m.x != null) ring.putGate(g, t, m.x);
		now(gate, {state: m.state, x: m.x ?? gate.x, t, w: m.w ?? gate.w});
	} else if (m.k === "potential") {
		for (const [g, x, t, w] of m.p) {
			const at = gateOf(g);
			if (!at) continue;
			ring.putGate(at.slot, t, x);
			now(at, {x, t, w});
		}
	} else if (m.k === "collapse") {
		if (!gate || byID.openings.has(m.id)) return;
		opened.set(m.c, m.id);
		add("openings", {id: m.id, c: m.c, g, t, confidence: m.confidence});
		if (!past) model.collapses++;
	} else if (m.k === "request") {
		if (!byID.requests.has(m.id)) add("requests", {id: m.id, open: m.id, c: m.c, g, m: mind, t, until: m.until, answer: null});
	} else if (m.k === "response") {
		const request = byID.requests.get(m.id) ?? add("requests", {id: m.id, open: m.id, c: null, g, m: mind, t: t - (m.took || 0), answer: null});
		if (request.answer?.t > t) return;
		request.answer = {t, m: mind, text: m.text ?? ""};
		now(model.minds[mind], {text: m.text, took: m.took});
	} else if (m.k === "command") {
		if (byID.commands.has(m.id)) return;
		const command = add("commands", {id: m.id, open: m.open ?? null, o, g, t, text: m.text ?? "", end: null}), i = unmatched.findIndex((r) => belongs(command, r));
		if (i >= 0) end(command, unmatched.splice(i, 1)[0]);
		now(model.organs[o], {text: `${m.text} · running`, failed: false});
	} else if (m.k === "result") {
		const result = {id: m.id, o, t, ok: m.ok}, command = m.id != null ? byID.commands.get(m.id) : model.commands.findLast((c) => belongs(c, result));
		if (!command) {
			if (unmatched.some((r) => r.id === m.id && r.o === o && r.t === t)) return;
			if (unmatched.push(result) > UNMATCHED) unmatched.shift();
			return;
		}
		end(command, result);
		now(model.organs[command.o], {text: `${command.text} · ${m.ok ? "ok" : m.text || "failed"}`, failed: !m.ok});
	}
}

function snapshot(m) {
	const seek = model.ready && (m.now < model.lastAt - 1000 || m.source?.name !== model.source.name);
	if (seek) {
		ring.reset();
		for (const list of [unmatched, model.openings, model.requests, model.commands, ...model.gates.map((g) => g.history)]) list.length = 0;
		for (const map of [opened, ...Object.values(byID)]) map.clear();
		for (const gate of model.gates) Object.assign(gate, GATE);
		for (const cell of model.cells) Object.assign(cell, SILENT);
		for (const thing of [...model.minds, ...model.organs]) Object.assign(thing, {text: "", at: null, took: null, failed: false});
	}
	for (const list of Object.values(slots)) list.length = 0;
	for (const key of ["boot", "env", "role", "csrf", "mode", "from"]) model[key] = m[key];
	Object.assign(model, {source: m.source ?? model.source, collapses: m.collapses ?? 0, behind: 1, health: m.health ?? model.health});
	moveClock(m.now);
	ring.advance(ring.slotOf(m.now));
	takeNames(m);
	for (const c of m.openings ?? []) mark({...c, k: "collapse"}, true);
	for (const past of [...(m.marks ?? [])].sort((a, b) => a.t - b.t)) mark(past, true);
	model.ready = true;
	model.lastAt = m.now;
	hooks.snapshot(seek);
}

function moveClock(now) {
	const {motion, speed} = model.source;
	if (now == null) return;
	if (!isRecording()) setClock(now, 1);
	else if (motion === "playing") setClock(now, speed || 1);
	else freezeClock(now);
}
export function take(m) {
	if (m.k === "snapshot") snapshot(m);
	else if (m.k === "names") {takeNames(m); hooks.names()}
	else if (m.k === "health") {
		model.health = m;
		if (m.mode !== undefined) model.mode = m.mode;
		moveClock(m.now);
		trim();
	} else if (m.k === "source") {
		// The speed that was chosen for a recording at rest is the page's until it plays.
		Object.assign(model.source, {motion: m.motion, ...m.motion === "playing" && {speed: m.speed}});
		moveClock(m.now);
	} else if (m.k === "facts") {
		for (const [g, half, window, earned, w] of m.facts) Object.assign(gateOf(g) ?? {}, {half, window, earned, w});
	} else if (m.k === "behind") model.behind = m.n;
	else mark(m, false);
	model.lastAt = Math.max(model.lastAt, m.t ?? 0, m.now ?? 0);
	hooks.frame(m, gateOf(m.g)?.slot ?? null);
}

function wave(slot, low, high, last, t, waves) {
	const cell = model.cells[slot];
	if (!cell) return;
	ring.put(slot, t, low, high, waves);
	// Rate: a sum that fades within a second, so that an edge does when its cell is quiet.
	cell.hz = cell.hz * Math.exp(Math.min(0, cell.at - t) / 1000) + waves;
	cell.v = last;
	cell.at = Math.max(cell.at, t);
	hooks.wave(slot, last, t);
}

// A binary frame of waves: type 1 one by one, type 2 merged for a tab that is behind.
export function takeWaves(view) {
	const merged = view.getUint8(0) === 2, u16 = (p) => view.getUint16(p, true), unit = (p) => view.getInt16(p, true) / 32767;
	const count = u16(2), t0 = view.getFloat64(8, true), span = merged ? view.getUint32(16, true) : 0;
	for (let i = 0, p = merged ? 24 : 16; i < count; i++, p += merged ? 10 : 6) {
		const slot = slots.cells[u16(p)], bits = u16(p + 2), v = ((bits & 0x7fff) / 32767) * (bits & 0x8000 ? -1 : 1);
		if (merged) wave(slot, unit(p + 4), unit(p + 6), unit(p + 8), t0 + span - 1, bits);
		else wave(slot, v, v, v, t0 + u16(p + 4), 1);
	}
	if (span > 1000) hooks.gap();
	model.lastAt = Math.max(model.lastAt, t0 + span);
}

// A gate at a moment (null: now): its state and potential, `bound` where only the state's limit is known.
export function gateAt(gate, moment) {
	const now = moment == null, at = moment ?? model.frozen ?? sourceNow(), known = now ? gate : ring.gateAt(gate.slot, at, gate.half * 6);
	// Before the first known transition a gate was in the state from which that one came.
	const past = now ? null : gate.history[upTo(gate.history, at) - 1]?.state ?? (gate.history.length ? gate.history[0].from ?? "STABLE" : null), state = past ?? gate.state;
	// An open gate has not fallen below its release, a closed one has not risen above it.
	// Long after the last known potential it is at rest; before the first, and beyond the ring, it is unknown.
	const x = known ? known.x * 2 ** (-Math.max(0, at - known.t) / gate.half) : ring.rested(gate.slot, at) ? 0 : null, limit = (state === "OPEN" ? gate.open : gate.close) * gate.release, bound = state === "OPEN" ? x < limit : state === "CLOSED" && x > limit;
	return {state, x: bound ? limit : x, bound};
}

// The greatest confidence among cells at a moment (null: now); null where none has one.
export const strongest = (cells, moment) => cells.reduce((most, slot) => {
	const v = cellAt(model.cells[slot], moment);
	return v == null ? most : Math.max(most ?? 0, Math.abs(v));
}, null);

export const cellAt = (cell, moment) => (moment == null ? cell.v : ring.cellAt(cell.slot, moment));

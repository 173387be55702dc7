// What the page knows: names in fixed slots, states, and the marks of the last half hour. Drawn by others.
import {setClock, sourceNow, freezeClock} from "./time.js";
import * as ring from "./ring.js";

const KEPT = 4000;

export const model = {
	ready: false, boot: null, role: "observer", csrf: "", env: "", source: {kind: "live", name: ""}, mode: null, from: null,
	cells: [], gates: [], minds: [], organs: [], free: [], collapses: 0, rate: 0, lost: 0, health: null, behind: 1,
	openings: [], asks: [], deeds: [], version: 0, lastAt: 0,
};

/** Hooks that the panes set; each takes slots of this page. */
export const hooks = {wave() {}, frame() {}, names() {}, snapshot() {}};

// The server's numbers → the slots of this page. A slot never changes until reload.
const slots = {cell: [], gate: [], mind: [], organ: []};
const byName = {cell: new Map(), gate: new Map(), mind: new Map(), organ: new Map()};

function place(kind, list, key, item) {
	const name = key(item), map = byName[kind];
	let slot = map.get(name);
	if (slot === undefined) {
		slot = list.length;
		map.set(name, slot);
		list.push({slot, n: item.n});
		if (kind === "cell") {ring.addCell(); Object.assign(list[slot], {v: null, at: 0, hz: 0, seen: 0});}
		if (kind === "gate") {ring.addGate(); Object.assign(list[slot], {cells: [], history: []});}
	}
	slots[kind].push(slot);
	return list[slot];
}

function addCells(items) {
	for (const item of items ?? []) {
		const cell = place("cell", model.cells, (c) => `${c.virtual ? "~" : ""}${c.n}`, item);
		cell.virtual = !!item.virtual;
		cell.domain = ["cognitive", "organs", "federation"].includes(item.domain) ? item.domain : "nervous";
		if (item.v != null && item.at != null) {cell.v = item.v; cell.at = item.at;}
		join(cell, item.gate == null || item.gate < 0 ? -1 : slots.gate[item.gate] ?? -1);
	}
}

function join(cell, gate) {
	if (cell.gate === gate) return;
	const list = (g) => (g < 0 || g === undefined ? model.free : model.gates[g].cells);
	if (cell.gate !== undefined) {const old = list(cell.gate), i = old.indexOf(cell.slot); if (i >= 0) old.splice(i, 1);}
	cell.gate = gate;
	const to = list(gate);
	to.push(cell.slot);
	// Real ones above their virtual ones; within a kind the order of slots stays.
	to.sort((a, b) => model.cells[a].virtual - model.cells[b].virtual || a - b);
}

function addGates(items) {
	for (const item of items ?? []) {
		const gate = place("gate", model.gates, (g) => g.n, item);
		Object.assign(gate, {
			state: item.state ?? "STABLE", x: item.x ?? 0, t: item.t ?? 0, open: item.open ?? 0.5, close: item.close ?? -0.5,
			release: item.release ?? 0.5, half: item.half || 2000, window: item.window || 2000, w: item.w ?? 0, earned: !!item.earned,
			witnesses: item.witnesses ?? 0,
		});
		if (item.t) ring.putGate(gate.slot, item.t, gate.x);
		if (item.state === "OPEN" && item.since != null) remember(gate, {t: item.since, state: "OPEN", x: item.open, id: null});
	}
}
const addMinds = (items) => {for (const m of items ?? []) Object.assign(place("mind", model.minds, (o) => o.n, m), m);};
const addOrgans = (items) => {for (const o of items ?? []) Object.assign(place("organ", model.organs, (p) => p.n, o), o);};

function insert(list, item) {
	let i = list.length;
	while (i > 0 && list[i - 1].t > item.t) i--;
	list.splice(i, 0, item);
	if (list.length > KEPT) list.shift();
}

function potentials(list, past) {
	for (const [g, x, t, w, witnesses] of list) {
		const gate = model.gates[slots.gate[g]];
		if (!gate) continue;
		ring.putGate(gate.slot, t, x);
		if (!past) Object.assign(gate, {x, t, w, witnesses});
	}
}

function remember(gate, change) {
	const near = gate.history.find((c) => c.state === change.state && Math.abs(c.t - change.t) < 60);
	if (near) {near.id ??= change.id; return;}
	insert(gate.history, change);
}

/** One frame of a kind that leaves a mark; `past` for history, which does not change the present. */
export function mark(m, past) {
	const gate = m.g == null ? null : model.gates[slots.gate[m.g]];
	switch (m.k) {
		case "gate":
			if (!gate) return;
			remember(gate, {t: m.t, state: m.state, x: m.x, id: m.id});
			if (m.x != null) ring.putGate(gate.slot, m.t, m.x);
			if (!past) Object.assign(gate, {state: m.state, x: m.x ?? gate.x, t: m.t, w: m.w ?? gate.w});
			break;
		case "collapse": {
			if (!gate || model.openings.some((o) => o.id === m.id)) return;
			insert(model.openings, {id: m.id, c: m.c, g: gate.slot, t: m.t, confidence: m.confidence, cells: (m.cells ?? []).map((c) => slots.cell[c]), outcome: null});
			if (!past) model.collapses++;
			break;
		}
		case "request":
			if (model.asks.some((a) => a.id === m.id)) return;
			insert(model.asks, {id: m.id, c: m.c, g: gate ? gate.slot : null, m: slots.mind[m.m] ?? 0, t: m.t, until: m.until, answer: null});
			break;
		case "response": {
			let ask = model.asks.findLast((a) => a.id === m.id);
			if (!ask) insert(model.asks, ask = {id: m.id, c: null, g: gate ? gate.slot : null, m: slots.mind[m.m] ?? 0, t: m.t - (m.took || 0), answer: null});
			if (ask.answer && ask.answer.t > m.t) return;
			ask.answer = {t: m.t, m: slots.mind[m.m] ?? 0, text: m.text ?? "", outcome: m.outcome};
			const mind = model.minds[ask.answer.m];
			if (!past && mind) Object.assign(mind, {text: m.text, at: m.t, took: m.took});
			break;
		}
		case "command": {
			const o = slots.organ[m.o] ?? 0;
			if (model.deeds.some((d) => d.o === o && d.t === m.t && d.text === m.text)) return;
			insert(model.deeds, {id: m.id ?? null, o, g: gate ? gate.slot : null, t: m.t, text: m.text ?? "", end: null});
			if (!past && model.organs[o]) Object.assign(model.organs[o], {text: `${m.text} · running`, at: m.t});
			break;
		}
		case "result": {
			const o = slots.organ[m.o] ?? 0, deed = model.deeds.findLast((d) => d.o === o && d.t <= m.t && (!d.end || d.end.t === m.t));
			if (!deed) return;
			deed.end = {t: m.t, ok: m.ok, text: m.text ?? ""};
			if (!past && model.organs[o]) Object.assign(model.organs[o], {text: `${deed.text} · ${m.ok ? "ok" : m.text || "failed"}`, at: m.t, failed: !m.ok});
			break;
		}
		case "potential": potentials(m.p, past); break;
		case "outcome": {
			const opening = model.openings.findLast((o) => o.id === m.id);
			if (opening) opening.outcome = m.result;
			if (gate && !past && m.w != null) gate.w = m.w;
			break;
		}
	}
}

function snapshot(m) {
	const seek = model.ready && (m.now < model.lastAt - 1000 || m.source?.name !== model.source.name);
	if (seek) {
		ring.reset();
		model.openings.length = model.asks.length = model.deeds.length = 0;
		for (const gate of model.gates) gate.history.length = 0;
	}
	for (const kind of Object.keys(slots)) slots[kind].length = 0;
	Object.assign(model, {
		boot: m.boot, env: m.env, role: m.role, csrf: m.csrf, source: m.source ?? model.source, mode: m.mode, from: m.from,
		collapses: m.collapses ?? 0, behind: 1,
	});
	moveClock(m.source, m.now);
	ring.advance(ring.slotOf(m.now));
	addGates(m.gates); addCells(m.cells); addMinds(m.minds); addOrgans(m.organs);
	for (const c of m.openings ?? []) mark({...c, k: "collapse"}, true);
	for (const past of [...(m.marks ?? [])].sort((a, b) => a.t - b.t)) mark(past, true);
	if (m.health) takeHealth(m.health);
	model.ready = true;
	model.lastAt = m.now;
	model.version++;
	hooks.snapshot(seek);
}

function moveClock(source, now) {
	if (now == null) return;
	const playing = !source || source.kind === "live" || source.motion === "playing";
	if (playing) setClock(now, source?.kind === "recording" ? source.speed || 1 : 1);
	else freezeClock(now);
}

function takeHealth(m) {
	model.health = m;
	model.rate = m.rate ?? 0;
	model.lost = m.lost ?? 0;
	if (m.mode !== undefined) model.mode = m.mode;
}

/** A frame in JSON. */
export function take(m) {
	switch (m.k) {
		case "snapshot": snapshot(m); break;
		case "names":
			addGates(m.gates); addCells(m.cells); addMinds(m.minds); addOrgans(m.organs);
			for (const [c, g] of m.moved ?? []) join(model.cells[slots.cell[c]], g == null || g < 0 ? -1 : slots.gate[g]);
			model.version++;
			hooks.names();
			break;
		case "health":
			takeHealth(m);
			moveClock(model.source, m.now);
			break;
		case "source":
			Object.assign(model.source, {motion: m.motion, speed: m.speed});
			moveClock(model.source, m.now);
			break;
		case "behind": model.behind = m.n; break;
		default: mark(m, false);
	}
	if (m.t) model.lastAt = Math.max(model.lastAt, m.t);
	if (m.now) model.lastAt = Math.max(model.lastAt, m.now);
	hooks.frame(m, m.g == null ? null : slots.gate[m.g]);
}

function wave(cell, v, t, waves) {
	cell.v = v;
	if (t > cell.at) {
		// Rate: a sum that halves in 0.7 s, so that an edge fades when its cell is quiet.
		cell.hz = cell.hz * Math.exp((cell.at - t) / 1000) + waves;
		cell.at = t;
	} else cell.hz += waves;
}

/** A binary frame of waves: type 1 one by one, type 2 merged for a tab that is behind. Returns its number. */
export function takeWaves(buffer) {
	const view = new DataView(buffer), merged = view.getUint8(0) === 2;
	const count = view.getUint16(2, true), seq = view.getUint32(4, true), t0 = view.getFloat64(8, true);
	if (merged) {
		const span = view.getUint32(16, true), n = view.getFloat32(20, true);
		if (n > 1 && model.behind !== Math.round(n)) model.behind = Math.round(n);
		for (let i = 0, p = 24; i < count; i++, p += 10) {
			const slot = slots.cell[view.getUint16(p, true)], cell = model.cells[slot];
			if (!cell) continue;
			const waves = view.getUint16(p + 2, true), last = view.getInt16(p + 8, true) / 32767, t = t0 + span - 1;
			ring.put(slot, t, view.getInt16(p + 4, true) / 32767, view.getInt16(p + 6, true) / 32767, waves);
			wave(cell, last, t, waves);
			hooks.wave(slot, last, t);
		}
		model.lastAt = Math.max(model.lastAt, t0 + span);
	} else {
		for (let i = 0, p = 16; i < count; i++, p += 6) {
			const slot = slots.cell[view.getUint16(p, true)], cell = model.cells[slot];
			if (!cell) continue;
			const bits = view.getUint16(p + 2, true), t = t0 + view.getUint16(p + 4, true);
			const v = ((bits & 0x7fff) / 32767) * (bits & 0x8000 ? -1 : 1);
			ring.put(slot, t, v, v, 1);
			wave(cell, v, t, 1);
			hooks.wave(slot, v, t);
		}
		model.lastAt = Math.max(model.lastAt, t0);
	}
	return seq;
}

export const cellSlot = (c) => slots.cell[c];
export const gateSlot = (g) => slots.gate[g];
export const gateNamed = (name) => byName.gate.get(name);

/** A gate at a moment (null: now): its state, potential and whether its witnesses still count. */
export function gateAt(gate, moment) {
	if (moment == null) {
		const now = model.frozen ?? sourceNow();
		return {state: gate.state, x: gate.x * 2 ** (-Math.max(0, now - gate.t) / gate.half)};
	}
	const change = gate.history.findLast((c) => c.t <= moment);
	const known = ring.gateAt(gate.slot, moment, gate.half * 6);
	// A gate whose transition lies before all that is kept has had its present state all the while.
	const state = change ? change.state : gate.history.length ? "STABLE" : gate.state;
	const x = known ? known.x * 2 ** (-Math.max(0, moment - known.t) / gate.half) : 0;
	// Where no potential is kept, the state bounds it: an open gate has not fallen below its release.
	if (state === "OPEN" && x < gate.open * gate.release) return {state, x: gate.open * gate.release, bound: true};
	if (state === "CLOSED" && x > gate.close * gate.release) return {state, x: gate.close * gate.release, bound: true};
	return {state, x};
}

/** The signed confidence of a cell at a moment; null when it sent nothing near it. */
export const cellAt = (cell, moment) => (moment == null ? cell.v : ring.cellAt(cell.slot, moment));

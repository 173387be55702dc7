// What was before the page was opened: blocks of 100 ms into the ring, coarser ones for windows that lie further back.
import {model, mark, cellSlot} from "./model.js";
import {view, windowStart, windowEnd, latest} from "./view.js";
import * as ring from "./ring.js";
import {ask} from "./http.js";

const BLOCK = 150000, COLUMNS = BLOCK / ring.SLOT;
const blocks = new Map();
// The coarse window that is held: `{from, to, columns, cells: Map slot → {min, max}}`.
export const far = {shot: null, note: ""};
let busy = 0, timer = 0, wanted = "", done = () => {};

function bytes(text) {
	const raw = atob(text), out = new Int8Array(raw.length);
	for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
	return out;
}

async function fetchColumns(from, to, columns) {
	const answer = await ask(`/history?from=${Math.round(from)}&to=${Math.round(to)}&columns=${columns}`);
	for (const m of [...(answer.marks ?? [])].sort((a, b) => a.t - b.t)) mark(m, true);
	far.note = answer.complete ? "" : answer.note || "part of this time is not kept";
	const cells = new Map();
	for (const c of answer.cells ?? []) {
		const slot = cellSlot(c.c);
		if (slot === undefined) continue;
		const min = bytes(c.min), max = bytes(c.max), count = new Uint8Array(bytes(c.count).buffer);
		for (let i = 0; i < min.length; i++) if (!count[i]) min[i] = max[i] = ring.EMPTY;
		cells.set(slot, {min, max, count});
	}
	return {from: answer.from ?? from, to: answer.to ?? to, columns: answer.columns ?? columns, cells};
}

async function load(index) {
	const end = latest(), from = index * BLOCK, to = Math.min((index + 1) * BLOCK, Math.ceil(end / ring.SLOT) * ring.SLOT);
	blocks.set(index, "loading");
	busy++;
	try {
		const got = await fetchColumns(from, to, Math.max(1, Math.round((to - from) / ring.SLOT)));
		const step = (got.to - got.from) / got.columns;
		for (const [slot, c] of got.cells) {
			for (let i = 0; i < got.columns; i++) {
				if (!c.count[i]) continue;
				const t = got.from + (i + 0.5) * step, s = ring.slotOf(t), held = ring.series(slot);
				// A wave that came by the socket is finer and stays.
				if (s < ring.tail() || s > ring.head() || held.min[s % ring.SLOTS] !== ring.EMPTY) continue;
				ring.put(slot, t, c.min[i] / 127, c.max[i] / 127, c.count[i]);
			}
		}
		blocks.set(index, "held");
	} catch (error) {
		blocks.set(index, Date.now());
		far.note = error.message;
	} finally {
		busy--;
		done();
		want();
	}
}

async function shoot() {
	const start = windowStart(), span = view.span, from = start - span * 0.25, to = Math.min(latest(), start + span * 1.25);
	const columns = Math.max(50, Math.min(2000, Math.round((to - from) / span * 800))), key = `${Math.round(from)}|${Math.round(to)}`;
	if (key === wanted) return;
	wanted = key;
	try {
		const got = await fetchColumns(from, to, columns);
		if (key === wanted) {far.shot = {...got, span}; done();}
	} catch (error) {far.note = error.message;}
}

// Fetches what the shown window needs and is not held.
export function want() {
	if (!model.ready || model.frozen != null) return;
	const first = ring.tail() * ring.SLOT, start = windowStart(), end = windowEnd();
	if (start < first) {
		const s = far.shot;
		if (!s || start < s.from || Math.min(end, first) > s.to || view.span < s.span * 0.5 || view.span > s.span * 2) {clearTimeout(timer); timer = setTimeout(shoot, 140);}
	}
	if (busy >= 2 || end < first) return;
	const from = Math.max(start, first), last = Math.floor(Math.min(end, latest()) / BLOCK);
	for (let i = last, least = Math.floor(Math.max(first, Math.min(from, latest() - 300000)) / BLOCK); i >= least && busy < 2; i--) {
		const state = blocks.get(i);
		if (state === undefined || (typeof state === "number" && Date.now() - state > 10000)) load(i);
	}
}

// Drops what is held: another recording, a seek; or only what came while the tab was away.
export function forget() {blocks.clear(); far.shot = null; wanted = "";}

export function startHistory(arrived) {
	done = arrived;
	setInterval(() => {if (!document.hidden) want();}, 2000);
}

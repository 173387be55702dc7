// What was before the page: 100 ms blocks into the ring, coarser ones further back.
import {model, mark, cellSlot} from "./model.js";
import {view, windowStart, windowEnd, latest, following, USUAL} from "./view.js";
import * as ring from "./ring.js";
import {ask} from "./http.js";

const BLOCK = 150000, AGAIN = 10000, blocks = new Map(), {far} = ring;
let busy = 0, timer = 0, again = 0, wanted = "", done = () => {};
// What is under way when the past is forgotten is dropped: it counts by numbers of another server, or of another moment.
let past = new AbortController(), shot = new AbortController(), failed = {at: 0, start: 0, span: 0}, farNote = "";

const bytes = (text) => Int8Array.from(atob(text), (c) => c.charCodeAt(0));

async function fetchColumns(from, to, columns, signal) {
	const answer = await ask(`/history?from=${Math.round(from)}&to=${Math.round(to)}&columns=${columns}`, signal), cells = new Map();
	signal.throwIfAborted();
	for (const m of answer.marks.sort((a, b) => a.t - b.t)) mark(m, true);
	for (const c of answer.cells) {
		const min = bytes(c.min), max = bytes(c.max), count = new Uint8Array(bytes(c.count));
		count.forEach((n, i) => {if (!n) min[i] = max[i] = ring.EMPTY});
		if (cellSlot(c.c) !== undefined) cells.set(cellSlot(c.c), {min, max, count});
	}
	return {...answer, note: answer.complete ? "" : answer.note || "part of this time is not kept", cells, step: (answer.to - answer.from) / answer.columns};
}

async function load(index) {
	const {signal} = past, from = index * BLOCK, to = Math.min(from + BLOCK, Math.ceil(latest() / ring.SLOT) * ring.SLOT);
	// One that has not begun yet.
	if (to <= from) return;
	blocks.set(index, {at: Infinity, note: ""});
	busy++;
	try {
		const got = await fetchColumns(from, to, Math.max(1, Math.round((to - from) / ring.SLOT)), signal);
		for (const [slot, {min, max, count}] of got.cells) count.forEach((n, i) => {
			const t = got.from + (i + 0.5) * got.step, s = ring.slotOf(t);
			// What came by the socket is finer and stays.
			if (n && s >= ring.tail() && s <= ring.head() && ring.series(slot).min[s % ring.SLOTS] === ring.EMPTY) ring.put(slot, t, min[i] / 127, max[i] / 127, n);
		});
		blocks.set(index, {at: Infinity, note: got.note});
	} catch (error) {
		if (!signal.aborted) blocks.set(index, {at: Date.now(), note: error.message, failed: true});
	}
	busy--;
	if (signal.aborted) return;
	done();
	want();
}

async function shoot() {
	const start = windowStart(), {span} = view, from = start - span * 0.25, to = Math.min(latest(), start + span * 1.25), key = `${from}|${to}`;
	if (key === wanted || (Date.now() - failed.at < AGAIN && span === failed.span && Math.abs(start - failed.start) < span * 0.1)) return;
	wanted = key;
	shot.abort();
	const {signal} = shot = new AbortController();
	try {
		const got = await fetchColumns(from, to, Math.max(50, Math.min(2000, Math.round((to - from) / span * 800))), signal);
		far.shot = {...got, span};
		farNote = got.note;
	} catch (error) {
		if (signal.aborted) return;
		wanted = "";
		failed = {at: Date.now(), start, span};
		farNote = error.message;
	}
	far.note = note();
	done();
}

// What lacks in the window. That nothing is kept from before the system began is a matter of who looks back, not of a live view.
function note() {
	const start = windowStart(), end = windowEnd(), wide = !following() || view.span > USUAL;
	if (start < ring.tail() * ring.SLOT) return farNote;
	for (const [index, block] of blocks) if (block.note && (block.failed || wide) && index * BLOCK < end && (index + 1) * BLOCK > start) return block.note;
	return "";
}

export function want() {
	// A recording of which nothing was played yet has no moment.
	if (!model.ready || model.frozen != null || !latest()) return;
	const first = ring.tail() * ring.SLOT, start = windowStart(), end = windowEnd(), {shot} = far, former = far.note;
	if (start < first && (!shot || start < shot.from || Math.min(end, first) > shot.to || view.span < shot.span * 0.5 || view.span > shot.span * 2)) {
		clearTimeout(timer);
		timer = setTimeout(shoot, 140);
	}
	const least = Math.floor(Math.max(first, Math.min(start, latest() - 300000)) / BLOCK);
	for (let i = Math.floor(Math.min(end, latest()) / BLOCK); i >= least && busy < 2; i--) if (Date.now() - (blocks.get(i)?.at ?? 0) > AGAIN) load(i);
	far.note = note();
	if (far.note !== former) done();
}

export function forget() {
	for (const request of [past, shot]) request.abort();
	past = new AbortController();
	blocks.clear();
	far.shot = null;
	farNote = wanted = "";
	failed.at = 0;
	clearTimeout(again);
	again = setTimeout(want, 1000);
}

export function startHistory(arrived) {
	done = arrived;
	setInterval(() => {if (!document.hidden) want()}, 2000);
}

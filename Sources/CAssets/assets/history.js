// What was before the page: 100 ms blocks into the ring, coarser ones further back.
import {model, mark, cellSlot} from "./model.js";
import {view, windowStart, windowEnd, latest} from "./view.js";
import * as ring from "./ring.js";
import {ask} from "./http.js";

const BLOCK = 150000, blocks = new Map(), {far} = ring;
let busy = 0, timer = 0, again = 0, wanted = "", done = () => {};

const bytes = (text) => Int8Array.from(atob(text), (c) => c.charCodeAt(0));

async function fetchColumns(from, to, columns) {
	const answer = await ask(`/history?from=${Math.round(from)}&to=${Math.round(to)}&columns=${columns}`), cells = new Map();
	for (const m of answer.marks.sort((a, b) => a.t - b.t)) mark(m, true);
	for (const c of answer.cells) {
		const min = bytes(c.min), max = bytes(c.max), count = new Uint8Array(bytes(c.count));
		count.forEach((n, i) => {if (!n) min[i] = max[i] = ring.EMPTY});
		if (cellSlot(c.c) !== undefined) cells.set(cellSlot(c.c), {min, max, count});
	}
	return {...answer, cells, step: (answer.to - answer.from) / answer.columns};
}

async function load(index) {
	const from = index * BLOCK, to = Math.min(from + BLOCK, Math.ceil(latest() / ring.SLOT) * ring.SLOT);
	blocks.set(index, Infinity);
	busy++;
	try {
		const got = await fetchColumns(from, to, Math.max(1, Math.round((to - from) / ring.SLOT)));
		for (const [slot, {min, max, count}] of got.cells) count.forEach((n, i) => {
			const t = got.from + (i + 0.5) * got.step, s = ring.slotOf(t);
			// What came by the socket is finer and stays.
			if (n && s >= ring.tail() && s <= ring.head() && ring.series(slot).min[s % ring.SLOTS] === ring.EMPTY) ring.put(slot, t, min[i] / 127, max[i] / 127, n);
		});
	} catch (error) {
		blocks.set(index, Date.now());
		far.note = error.message;
	}
	busy--;
	done();
	want();
}

async function shoot() {
	const start = windowStart(), {span} = view, from = start - span * 0.25, to = Math.min(latest(), start + span * 1.25), key = `${from}|${to}`;
	if (key === wanted) return;
	wanted = key;
	try {
		const got = await fetchColumns(from, to, Math.max(50, Math.min(2000, Math.round((to - from) / span * 800))));
		if (key !== wanted) return;
		far.shot = {...got, span};
		far.note = got.complete ? "" : got.note || "part of this time is not kept";
	} catch (error) {far.note = error.message}
	done();
}

export function want() {
	if (!model.ready || model.frozen != null || !latest()) return;
	const first = ring.tail() * ring.SLOT, start = windowStart(), end = windowEnd(), {shot} = far;
	if (start >= first) far.note = "";
	else if (!shot || start < shot.from || Math.min(end, first) > shot.to || view.span < shot.span * 0.5 || view.span > shot.span * 2) {
		clearTimeout(timer);
		timer = setTimeout(shoot, 140);
	}
	const least = Math.floor(Math.max(first, Math.min(start, latest() - 300000)) / BLOCK);
	for (let i = Math.floor(Math.min(end, latest()) / BLOCK); i >= least && busy < 2; i--) if (Date.now() - (blocks.get(i) ?? 0) > 10000) load(i);
}

export function forget() {
	blocks.clear();
	far.shot = null;
	wanted = "";
	clearTimeout(again);
	again = setTimeout(want, 1000);
}

export function startHistory(arrived) {
	done = arrived;
	setInterval(() => {if (!document.hidden) want()}, 2000);
}

// Lanes and their traces: a line a cell when tall, a strip a gate when low.
import {model} from "./model.js";
import {view} from "./view.js";
import {ctx, ink, fill, stroke, poly} from "./draw.js";
import {EMPTY} from "./ring.js";
import {NARROW} from "./layout.js";

function lanes() {
	const out = [...model.gates.map((gate) => ({gate, name: gate.n, cells: gate.cells})), ...model.free.map((slot) => ({gate: null, name: model.cells[slot].n, cells: [slot]}))];
	const text = view.filter.trim().toLowerCase(), invert = text.startsWith("!"), part = invert ? text.slice(1) : text, has = (name) => name.toLowerCase().includes(part);
	return part ? out.filter((l) => (has(l.name) || l.cells.some((c) => has(model.cells[c].n))) !== invert) : out;
}

export function arrange(W, H) {
	const phone = W < NARROW, all = lanes(), x = phone ? 76 : 112, top = phone ? 52 : 42, bottom = H - 61, space = bottom - top, n = Math.max(1, all.length);
	const minds = model.minds.length + model.organs.length > 0, share = (space - (minds ? Math.min(phone ? 132 : 56, space / (n + 1)) : 0)) / n, tall = share >= 34;
	const mindsH = !minds ? 0 : tall ? Math.min(phone ? 132 : 56, space / (n + 1), 132) : 38, room = space - mindsH;
	const h = tall ? Math.min(share, 132) : Math.min(20, room / Math.min(n, Math.max(1, Math.floor(room / 12))));
	const fits = Math.max(1, Math.floor((room + 0.01) / h));
	view.lane = Math.max(0, Math.min(view.lane, all.length - fits));
	const first = tall ? 0 : view.lane, shown = all.slice(first, first + fits), y = Math.min(top + shown.length * h, bottom - mindsH);
	shown.forEach((lane, i) => {lane.y = top + i * h; lane.h = h});
	return {W, H, phone, x, w: Math.max(60, W - x - (phone ? 62 : 64)), top, all, tall, first, fits, h, lanes: shown, minds: {y, h: mindsH}, bottom: y + mindsH, axis: H - 46, overview: {y: H - 33, h: 16}};
}

// Traces of the lanes into the columns `c0`…`c1` of the plot (CSS pixels; `colMs` a column, column 0 at `start`).
// `source`: `{step, base, first, last, modulo, of(cell)}`, slot s begins at base + s·step.
export function drawTraces(G, source, start, colMs, c0, c1) {
	const range = (back) => [Math.max(source.first, Math.floor((start + c0 * colMs - back - source.base) / source.step)), Math.min(source.last, Math.floor((start + c1 * colMs - source.base) / source.step))];
	if (G.tall) for (const lane of G.lanes) lane.cells.forEach((slot, i) => trace(lane, slot, i, source, start, colMs, range(4000 + 2 * source.step)));
	else strips(G, source, start, colMs, Math.max(0, Math.floor(c0)), Math.ceil(c1), range(2500));
}

const UNIT = 1 / 127;
const high = (min, max) => Math.max(Math.abs(min), Math.abs(max)) * UNIT;

function trace(lane, slot, order, source, start, colMs, [from, to]) {
	const ring = source.of(slot);
	if (!ring) return;
	const {min, max} = ring, {step, base, modulo} = source, {virtual, domain} = model.cells[slot], y = (v) => lane.y + 7 + (1 - v) * (lane.h - 12);
	const wide = step > colMs, gap = Math.max(virtual ? 4000 : 2500, 2 * step, 2 * colMs), every = Math.ceil(colMs * 0.05) * 100, bars = [], colour = ink[domain], alpha = order ? 0.6 : 1;
	let column = null, top = 0, low = 0, lastX = null, lastTop = 0;
	const flush = () => {
		if (column == null) return;
		const joined = lastX != null && (column - lastX) * colMs <= gap;
		if (virtual) {
			// Dots at fixed times between the values, so that they do not shimmer while the trace moves.
			const a = joined ? start + lastX * colMs : start + column * colMs, b = start + column * colMs;
			for (let t = Math.ceil(a / every) * every; t <= b; t += every) ctx.rect((t - start) / colMs - 0.8, y(b > a ? lastTop + ((top - lastTop) * (t - a)) / (b - a) : top) - 0.8, 1.6, 1.6);
		} else {
			if (joined) ctx.lineTo(column, y(top));
			else poly([column - 0.5, y(top)], [column + 0.5, y(top)]);
			if (top - low > 0.02) bars.push([column, low, top]);
		}
		lastX = column;
		lastTop = top;
	};
	(virtual ? (shape) => fill(colour, shape, alpha) : (shape) => stroke(colour, order ? 1.1 : 1.5, shape, alpha))(() => {
		for (let s = from; s <= to; s++) {
			const i = modulo ? s % modulo : s, a = min[i], b = max[i];
			if (b === EMPTY || high(a, b) < view.least) continue;
			const x = wide ? (base + (s + 0.5) * step - start) / colMs : Math.floor((base + s * step - start) / colMs);
			const h = high(a, b), l = a < 0 && b > 0 ? 0 : Math.min(Math.abs(a), Math.abs(b)) * UNIT;
			if (x !== column) {flush(); column = x; top = h; low = l} else {if (h > top) top = h; if (l < low) low = l}
		}
		flush();
	});
	if (bars.length) stroke(colour, 1.2, () => {for (const [x, l, h] of bars) poly([x, y(l)], [x, y(h)])}, alpha);
}

const LIGHT = [0.05, 0.16, 0.32, 0.5, 0.72, 1], STEPS = [0.2, 0.32, 0.44, 0.58, 0.74];

function strips(G, source, start, colMs, first, end, [from, to]) {
	const {step, base, modulo} = source, n = end - first, rects = LIGHT.map(() => []), best = new Float32Array(Math.max(0, n));
	const column = (s) => Math.floor((base + s * step - start) / colMs) - first;
	const level = (v) => {const i = STEPS.findIndex((s) => v < s); return i < 0 ? 5 : i};
	const put = (a, b, v) => {for (let c = Math.max(0, a); c < b && c < n; c++) if (v > best[c]) best[c] = v};
	for (const lane of G.lanes) {
		best.fill(-1);
		for (const slot of lane.cells) {
			const ring = source.of(slot);
			// A value stands until the next one, at most 2.5 s, so that a slow cell is no row of stripes.
			for (let s = from, last = -Infinity, value = 0; ring && s <= to; s++) {
				const i = modulo ? s % modulo : s;
				if (ring.max[i] === EMPTY || high(ring.min[i], ring.max[i]) < view.least) continue;
				const a = column(s);
				if ((s - last) * step <= 2500) put(column(last + 1), a, value);
				put(a, Math.max(a + 1, column(s + 1)), value = high(ring.min[i], ring.max[i]));
				last = s;
			}
		}
		for (let c = 0, e; c < n; c = e) {
			const l = best[c] < 0 ? -1 : level(best[c]);
			for (e = c + 1; e < n && (best[e] < 0 ? -1 : level(best[e])) === l; ) e++;
			if (l >= 0) rects[l].push([first + c, lane.y + 1, e - c, lane.h - 3]);
		}
	}
	rects.forEach((list, l) => fill(ink.nervous, () => {for (const r of list) ctx.rect(...r)}, LIGHT[l]));
}

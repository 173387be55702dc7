// Three canvases: ground, traces that are shifted, cursor.
import {model} from "./model.js";
import {view, windowEnd, changed} from "./view.js";
import {ctx, fit, begin} from "./draw.js";
import {arrange, drawTraces} from "./lanes.js";
import {drawGround, drawCollapses, drawCursor, intervals} from "./marks.js";
import {drawOverview} from "./overview.js";
import {startGestures} from "./gestures.js";
import {want} from "./history.js";
import {ladder, motion, redraw} from "./loop.js";
import {utc} from "./time.js";
import * as ring from "./ring.js";

const SETTLE = 1400;
let paper = false, stage, ground, traces, over;
let G = null, start = 0, end = 0, colMs = 1, dirty = true, lastColumn = null, stepAt = 0, spots = false, marks = {due: false, at: 0, start: 0}, version = -1, onSpots = () => {};

export function startScope(element, pick, spotsMoved) {
	stage = element;
	onSpots = spotsMoved;
	[ground, traces, over] = stage.querySelectorAll("canvas");
	new ResizeObserver(() => {relayoutScope(); redraw()}).observe(stage);
	startGestures({stage, G: () => G, timeAt: (x) => start + Math.max(0, Math.min(G.w, x - G.x)) * colMs, spot: spotAt, band: bandAt, pick, scroll: scrollLanes});
}

// For paper: 185 by 95 mm, at twice the pixels of a screen, which also empties the canvases: to clear one would clear the paper under it.
export function paperScope(on) {
	paper = on;
	relayoutScope();
	if (on) drawScope(performance.now());
}

export function relayoutScope() {
	const [W, H, ratio] = paper ? [700, 360, 2] : [stage.clientWidth, stage.clientHeight];
	if (!W || !H || !model.ready) return;
	G = arrange(W, H);
	fit(ground, W, H, 0, ratio);
	fit(over, W, H, 0, ratio);
	fit(traces, G.w, H, G.x, ratio);
	dirty = true;
}
export const dirtyScope = () => {dirty = true};

const near = {
	step: ring.SLOT, base: 0, modulo: ring.SLOTS, of: ring.series,
	get first() {return ring.tail()}, get last() {return ring.head()},
};

function paint(c0, c1) {
	// Times in the far window and in the ring meet at the ring's tail without a seam.
	const edge = ring.tail() * ring.SLOT, {shot} = ring.far;
	if (shot && start < edge) {
		const {step, from} = shot, last = Math.min(shot.columns - 1, Math.floor((edge - from) / step));
		drawTraces(G, {step, base: from, modulo: 0, first: 0, last, of: (slot) => shot.cells.get(slot)}, start, colMs, c0, c1);
	}
	if (end > edge) drawTraces(G, near, start, colMs, c0, c1);
}

function drawTraceCanvas(full, shift) {
	// Painted again is what may still settle, and all that came later than it was painted.
	const ratio = traces.width / G.w, fresh = Math.max(14, Math.ceil(Math.max(SETTLE, end - ring.takeOldest()) / colMs)), c0 = G.w - fresh - shift;
	if (full || shift > G.w / 3 || fresh > G.w / 2 || !Number.isInteger(shift * ratio)) {
		begin(traces, !paper);
		return paint(0, G.w);
	}
	begin(traces, false);
	ctx.setTransform(1, 0, 0, 1, 0, 0);
	ctx.globalCompositeOperation = "copy";
	ctx.drawImage(traces, -shift * ratio, 0);
	ctx.globalCompositeOperation = "source-over";
	begin(traces, false);
	ctx.clearRect(c0, 0, G.w - c0, G.H);
	ctx.save();
	ctx.beginPath();
	ctx.rect(c0, 0, G.w - c0, G.H);
	ctx.clip();
	paint(c0 - 2, G.w);
	ctx.restore();
}

export function drawScope(at) {
	if (!G || version !== model.version) {version = model.version; relayoutScope(); if (!G) return}
	const width = view.span / G.w, column = Math.floor(windowEnd() / width), steady = width === colMs && lastColumn != null && column >= lastColumn;
	if (!dirty && steady && (column === lastColumn || at - stepAt < (motion.reduced ? 500 : ladder.labelsEvery))) {
		if (marks.due) drawMarks(at);
		else if (spots) {
			spots = false;
			onSpots(G, at);
		}
		return;
	}
	const full = dirty || !steady, shift = column - lastColumn;
	if (dirty) G = arrange(G.W, G.H);
	colMs = width;
	end = column * colMs;
	start = end - view.span;
	lastColumn = column;
	stepAt = at;
	dirty = false;
	drawTraceCanvas(full, shift);
	// Labels and bands: in the next frame, as soon as they lag by two pixels, and at 5 Hz.
	marks.due ||= start - marks.start >= 2 * colMs || at - marks.at >= 200;
	if (full || shift > 2) drawMarks(at);
}

function drawMarks(at) {
	marks = {due: false, at, start};
	begin(ground, !paper);
	drawGround(G, start, colMs, end);
	drawOverview(G);
	begin(over, !paper);
	drawCollapses(G, start, colMs, end);
	drawCursor(G, start, colMs);
	// The list beside it follows in a frame of its own.
	spots = true;
	redraw();
}
function spotAt(x, y, reach) {
	const away = (s) => Math.hypot(s.x - x, s.y - y), best = G.spots?.reduce((a, b) => (a && away(a) <= away(b) ? a : b), null);
	return best && away(best) <= reach ? best : null;
}
function bandAt(x, y) {
	const gate = G.lanes.find((l) => y >= l.y && y < l.y + l.h)?.gate, t = start + (x - G.x) * colMs;
	const band = gate && x >= G.x && intervals(gate, t, t, Infinity).find((b) => b.state === "OPEN");
	return (band && model.openings.findLast((o) => o.g === gate.slot && o.t <= t && o.t > band.a - 60)) || null;
}

export function scrollLanes(n) {
	const lane = Math.max(0, Math.min((G?.all.length ?? 0) - (G?.fits ?? 0), view.lane + n));
	if (lane === view.lane) return;
	view.lane = lane;
	changed("lanes");
}
// Lanes of a page; 0 where all are seen.
export const page = () => (G && G.all.length > G.fits ? Math.max(1, G.fits - 1) : 0);

export function scopeViewChanged(what) {
	if (!G) return;
	stage.title = view.cursor == null ? "" : `${utc(view.cursor)} (UTC)`;
	if (what === "cursor" && !dirty) marks.due = true;
	else {dirty = true; want()}
	redraw();
}

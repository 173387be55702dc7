// The scope: three canvases (ground, traces that are shifted, cursor), pointer and wheel.
import {model, cellAt} from "./model.js";
import {view, windowEnd, setCursor, setWindow, zoom, whole, move, changed, latest} from "./view.js";
import {fit, begin, ink} from "./draw.js";
import {arrange, drawTraces} from "./lanes.js";
import {drawGround, drawCollapses, drawCursor} from "./marks.js";
import {drawOverview, overviewTime, longer, overview} from "./overview.js";
import {far, want} from "./history.js";
import {ladder, motion, redraw} from "./loop.js";
import * as ring from "./ring.js";

export const scope = {G: null, start: 0, colMs: 1, end: 0};
let stage, ground, traces, over, dirty = true, lastColumn = null, stepAt = 0, version = -1, pick = () => {}, onSpots = () => {}, overviewAt = 0;
const SETTLE = 1400;

export function startScope(element, picked, spotsMoved) {
	stage = element;
	pick = picked;
	onSpots = spotsMoved;
	[ground, traces, over] = stage.querySelectorAll("canvas");
	new ResizeObserver(() => {relayoutScope(); redraw();}).observe(stage);
	pointer();
}

export function relayoutScope() {
	const W = stage.clientWidth, H = stage.clientHeight;
	if (!W || !H || !model.ready) return;
	fit(ground, W, H);
	fit(over, W, H);
	scope.G = arrange(W, H);
	const {G} = scope;
	Object.assign(traces.style, {left: `${G.x}px`, top: "0px", width: `${G.w}px`, height: `${H}px`, right: "auto", bottom: "auto"});
	fit(traces, G.w, H);
	dirty = true;
}
export const dirtyScope = () => {dirty = true;};

const near = {
	step: ring.SLOT, base: 0, modulo: ring.SLOTS, of: ring.series,
	get first() {return ring.tail();}, get last() {return ring.head();},
};
function farSource(shot) {
	const step = (shot.to - shot.from) / shot.columns, edge = ring.tail() * ring.SLOT;
	return {step, base: shot.from, modulo: 0, first: 0, last: Math.min(shot.columns - 1, Math.floor((edge - shot.from) / step)), of: (slot) => shot.cells.get(slot)};
}

function paint(ctx, G, c0, c1) {
	// Times in the far shot and in the ring meet at the ring's tail without a seam.
	if (far.shot && scope.start < ring.tail() * ring.SLOT) drawTraces(ctx, G, farSource(far.shot), scope.start, scope.colMs, c0, c1);
	if (scope.end > ring.tail() * ring.SLOT) drawTraces(ctx, G, near, scope.start, scope.colMs, c0, c1);
}

function drawTraceCanvas(full, shift) {
	const {G, colMs} = scope, ratio = traces.width / G.w, fresh = Math.max(14, Math.ceil(SETTLE / colMs));
	let ctx = begin(traces, false);
	if (full || shift > G.w / 3 || fresh > G.w / 2 || !Number.isInteger(shift * ratio)) {
		ctx = begin(traces);
		paint(ctx, G, 0, G.w);
		return;
	}
	ctx.setTransform(1, 0, 0, 1, 0, 0);
	ctx.globalCompositeOperation = "copy";
	ctx.drawImage(traces, -shift * ratio, 0);
	ctx.globalCompositeOperation = "source-over";
	ctx = begin(traces, false);
	const c0 = G.w - fresh - shift;
	ctx.clearRect(c0, 0, G.w - c0, G.H);
	ctx.save();
	ctx.beginPath(); ctx.rect(c0, 0, G.w - c0, G.H); ctx.clip();
	paint(ctx, G, c0 - 2, G.w);
	ctx.restore();
}

/** Draws what changed; a window that follows moves by whole columns, at most 12 times a second. */
export function drawScope(at) {
	if (!stage.clientWidth) return;
	if (!scope.G || version !== model.version) {version = model.version; relayoutScope(); if (!scope.G) return;}
	let {G} = scope;
	const colMs = view.span / G.w, column = Math.floor(windowEnd() / colMs), steady = colMs === scope.colMs && lastColumn != null;
	const every = motion.reduced ? 500 : ladder.labelsEvery;
	if (!dirty && steady && (column === lastColumn || at - stepAt < every)) return;
	const full = dirty || !steady || column < lastColumn, shift = full ? 0 : column - lastColumn;
	if (dirty) G = scope.G = arrange(G.W, G.H);
	Object.assign(scope, {colMs, end: column * colMs, start: column * colMs - view.span});
	lastColumn = column;
	stepAt = at;
	dirty = false;
	const ctx = begin(ground);
	drawGround(ctx, G, scope.start, colMs, scope.end);
	if (full || at - overviewAt > 500) overviewAt = at;
	drawOverview(ctx, G);
	drawTraceCanvas(full, shift);
	drawOver();
	onSpots(G);
}

function drawOver() {
	const {G} = scope, ctx = begin(over);
	drawCollapses(ctx, G, scope.start, scope.colMs, scope.end);
	drawCursor(ctx, G, scope.start, scope.colMs);
}

const timeAt = (x) => scope.start + Math.max(0, Math.min(scope.G.w, x - scope.G.x)) * scope.colMs;

/** The mark nearest to a point, within reach of a pointer. */
function spotAt(x, y, reach) {
	let best = null, least = reach * reach;
	for (const s of scope.G?.spots ?? []) {const d = (s.x - x) ** 2 + (s.y - y) ** 2; if (d <= least) {least = d; best = s;}}
	return best;
}

/** The opening whose band lies under a point. */
function bandAt(x, y) {
	const lane = scope.G.lanes.find((l) => y >= l.y && y < l.y + l.h), t = timeAt(x);
	if (!lane?.gate) return null;
	const before = model.openings.findLast((o) => o.g === lane.gate.slot && o.t <= t);
	const end = before && (lane.gate.history.find((c) => c.t > before.t + 60 && c.state !== "OPEN")?.t ?? Infinity);
	return before && t <= end ? {kind: "opening", id: before.id, t: before.t} : null;
}

function pointer() {
	const touches = new Map();
	let drag = null, pinch = null;
	const local = (event) => {const box = stage.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top];};
	stage.addEventListener("pointerdown", (event) => {
		if (!scope.G || event.target.closest("button")) return;
		const [x, y] = local(event), {G} = scope;
		touches.set(event.pointerId, [x, y]);
		if (touches.size === 2) {
			const [a, b] = [...touches.values()];
			pinch = {gap: Math.max(20, Math.abs(a[0] - b[0])), span: view.span, at: timeAt((a[0] + b[0]) / 2), mid: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, lane: view.lane};
			drag = null;
			return;
		}
		if (y > G.axis + 8) {
			if (x < G.x) {longer(); dirty = true; redraw(); return;}
			const t = overviewTime(G, x), end = windowEnd(), inside = t >= end - view.span - overview.span * 0.01 && t <= end + overview.span * 0.01;
			drag = {kind: "window", grip: inside ? end - t : view.span / 2, touch: false};
			if (!inside) setWindow(view.span, t + view.span / 2);
		} else drag = {kind: "cursor", x, y, moved: false};
		stage.setPointerCapture(event.pointerId);
	});
	stage.addEventListener("pointermove", (event) => {
		if (!scope.G) return;
		const [x, y] = local(event), {G} = scope;
		if (touches.has(event.pointerId)) touches.set(event.pointerId, [x, y]);
		if (pinch && touches.size === 2) {
			const [a, b] = [...touches.values()], gap = Math.max(20, Math.abs(a[0] - b[0])), mid = (a[0] + b[0]) / 2;
			const span = (pinch.span * pinch.gap) / gap;
			setWindow(span, pinch.at + (1 - (mid - G.x) / G.w) * span);
			view.lane = pinch.lane + Math.round((pinch.y - (a[1] + b[1]) / 2) / G.h);
			return;
		}
		if (drag?.kind === "window") {setWindow(view.span, overviewTime(G, x) + drag.grip); return;}
		if (drag && Math.hypot(x - drag.x, y - drag.y) > 5) drag.moved = true;
		if (event.pointerType === "touch" && !drag) return;
		const inside = x >= G.x && x <= G.x + G.w && y >= G.top - 8 && y < G.axis + 8;
		setCursor(inside ? timeAt(x) : null);
		stage.style.cursor = spotAt(x, y, 12) ? "pointer" : y > G.axis + 8 && x >= G.x ? "grab" : inside ? "crosshair" : "";
	});
	const up = (event) => {
		const [x, y] = local(event);
		touches.delete(event.pointerId);
		if (touches.size < 2) pinch = null;
		if (event.type === "pointerup" && drag?.kind === "cursor" && !drag.moved) {
			const spot = spotAt(x, y, event.pointerType === "touch" ? 24 : 12) ?? bandAt(x, y);
			if (spot) pick(spot);
		}
		drag = null;
		if (event.pointerType === "touch" && event.type === "pointercancel") setCursor(null);
	};
	stage.addEventListener("pointerup", up);
	stage.addEventListener("pointercancel", up);
	stage.addEventListener("pointerleave", (event) => {if (!drag && event.pointerType !== "touch") setCursor(null);});
	stage.addEventListener("dblclick", (event) => {if (scope.G && local(event)[1] < scope.G.axis + 8 && !event.target.closest("button")) whole();});
	stage.addEventListener("wheel", (event) => {
		if (!scope.G) return;
		event.preventDefault();
		const [x] = local(event);
		if (event.shiftKey) scrollLanes(Math.sign(event.deltaY || event.deltaX) * 2);
		else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move((event.deltaX / scope.G.w) * view.span);
		else zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY * (event.deltaMode ? 16 : 1))) * 0.002), timeAt(x));
	}, {passive: false});
}

export function scrollLanes(n) {
	const before = view.lane;
	view.lane = Math.max(0, Math.min((scope.G?.all.length ?? 0) - (scope.G?.fits ?? 0), view.lane + n));
	if (view.lane !== before) changed("lanes");
}
export const page = () => Math.max(1, (scope.G?.fits ?? 2) - 1);

/** The view changed: a cursor needs the values at the right and its line, anything else the traces as well. */
export function scopeViewChanged(what) {
	if (!scope.G) return;
	if (what === "cursor") {
		const ctx = begin(ground);
		drawGround(ctx, scope.G, scope.start, scope.colMs, scope.end);
		drawOverview(ctx, scope.G);
		drawOver();
	} else {dirty = true; want();}
	redraw();
}

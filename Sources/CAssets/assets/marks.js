// Grid, bands, labels, the lane of the minds, the axis, the cursor.
import {model, cellAt, strongest, decisionOf, upTo, LONG} from "./model.js";
import {view, moment, latest, known as knownNow, following} from "./view.js";
import {ctx, ink, font, fitText, textWidth, sign, diamond, stateInk, write, plain, fill, stroke, poly} from "./draw.js";
import {far} from "./ring.js";
import {ticks, tickLabel, dated, length, duration, clockMs} from "./time.js";

// The times in which a gate was not STABLE, as far as they reach into a window; `b` of the last is `known`.
export function intervals(gate, start, end, known) {
	const {history} = gate, out = [];
	let i = upTo(history, start) - 1, open = null;
	while (i > 0 && history[i - 1].state === history[i].state) i--;
	if (i < 0) {
		const first = history.length ? history[0].from ?? "STABLE" : gate.state;
		if (first !== "STABLE") open = {state: first, a: -Infinity};
		i = 0;
	}
	for (; i < history.length && (open || history[i].t <= end); i++) {
		const {state, t} = history[i];
		if (open?.state === state) continue;
		if (open) out.push({...open, b: t});
		open = state === "STABLE" ? null : {state, a: t};
	}
	if (open) out.push({...open, b: known});
	return out.filter((o) => o.b >= start && o.a <= end);
}

export function drawGround(G, start, colMs, end) {
	const right = G.x + G.w, X = (t) => G.x + Math.max(0, Math.min(G.w, (t - start) / colMs)), span = end - start, known = Math.min(knownNow(), end + span);
	const axis = ticks(start, span, G.w, G.phone ? 84 : 118), last = model.frozen != null ? "no signal" : following() ? "now" : "";
	fill(ink.line, () => {
		for (const t of axis.times) ctx.rect(Math.round(X(t)), G.top, 1, G.bottom - G.top);
		if (G.tall) for (const lane of G.lanes) ctx.rect(G.x, Math.round(lane.y + lane.h - 1), G.w, 1);
		ctx.rect(G.x, Math.round(G.bottom), G.w, 1);
	});
	G.spots = [];
	for (const lane of G.lanes) {
		if (lane.gate) drawBands(G, lane, intervals(lane.gate, start, end, known), X);
		labels(G, lane);
	}
	write(far.note, G.x + G.w * 0.5, G.top + 8, ink.warn, 11, 400, "center");
	if (G.minds.h) mindsLane(G, start, end, known, X);
	ctx.font = font(11);
	const keep = last ? textWidth(last) + 44 : 30;
	axis.times.filter((t) => X(t) > G.x + 4 && X(t) < right - keep).forEach((t, i) => {
		const text = tickLabel(t, axis.step), day = text.includes("-");
		// The first carries the day where that is not today; on a phone there is room for the day alone.
		write(i || day ? text : G.phone ? dated(t, latest(), "").trim() || text : dated(t, latest(), text), X(t), G.axis, ink.muted, 11, day ? 600 : 400, "center");
	});
	write(last, right, G.axis, ink.text, 11, 600, "right");
	if (model.frozen != null) noSignal(G, X(model.frozen), X(end));
	if (G.all.length > G.lanes.length) {
		const h = G.minds.y - G.top, size = Math.max(20, (h * G.lanes.length) / G.all.length);
		fill(ink.faint, () => ctx.roundRect(G.W - 9, G.top + ((h - size) * G.first) / Math.max(1, G.all.length - G.fits), 3, size, 1.5));
	}
}

function drawBands(G, lane, list, X) {
	for (const {state, a, b} of list) {
		const x = X(a), w = Math.max(1.5, X(b) - x), colour = stateInk(state), closed = state === "CLOSED", y = lane.y + (G.tall ? 3 : 0);
		fill(colour, () => ctx.rect(x, y, w, lane.h - (G.tall ? 4 : 1)), G.tall ? 0.13 : 0.1);
		fill(colour, () => ctx.rect(x, G.tall ? y : lane.y + lane.h - 2.5, w, 2));
		const text = closed || a === -Infinity ? state : `OPEN ${duration(b - a)}`;
		ctx.font = font(11, 600);
		if (G.tall && textWidth(text) + 12 < w) write(text, x + 8, closed ? y + 11 : lane.y + lane.h - 10, colour, 11, 600);
	}
}

function labels(G, lane) {
	const when = moment(), y = lane.y + lane.h * 0.5, n = lane.cells.length, state = lane.gate?.state ?? "STABLE", lit = state !== "STABLE" && when == null;
	if (G.tall) {
		write(lane.name, 16, G.phone ? y : y - 5, ink.text, 13, 600, "left", G.x - (G.phone ? 20 : 24));
		if (!G.phone) write(lane.gate ? `${n} witness${n === 1 ? "" : "es"}` : "no gate", 16, y + 12, ink.muted);
	} else {
		write(lane.name, 16, y, lit ? ink.text : ink.muted, 11, lit ? 600 : 400, "left", G.x - 24);
		if (lit) sign(state, G.x + G.w + 14, y, stateInk(state), 6);
	}
	write(plain(strongest(lane.cells, when)), G.W - 16, y, G.tall ? ink.text : ink.muted, G.tall ? 13 : 11, G.tall ? 600 : 400, "right");
}

export function drawCollapses(G, start, colMs, end) {
	const byGate = new Map(G.lanes.filter((l) => l.gate).map((l) => [l.gate.slot, l])), drawn = new Map(), r = G.tall ? 5.5 : 3.2;
	for (let i = upTo(model.openings, start); i < model.openings.length && model.openings[i].t <= end; i++) {
		const o = model.openings[i], lane = byGate.get(o.g);
		if (!lane) continue;
		const at = G.x + (o.t - start) / colMs;
		const x = G.tall ? Math.min(at + 9, G.x + G.w - 8) : Math.max(at, G.x + r), y = lane.y + (G.tall ? 12 : lane.h * 0.5), circle = () => ctx.arc(x, y, r, 0, 7);
		G.spots.push({kind: "opening", id: o.id, t: o.t, x, y, item: o});
		if (x - (drawn.get(lane) ?? -99) < r * 2.2) continue;
		drawn.set(lane, x);
		fill(ink.pane, circle);
		stroke(ink.text, 1.5, circle);
		if (G.tall) fill(ink.text, () => ctx.arc(x, y, 2, 0, 7));
	}
}

function mindsLane(G, start, end, known, X) {
	const {y, h} = G.minds, rowA = y + h * (G.tall ? 0.3 : 0.24), rowB = y + h * (G.tall ? 0.64 : 0.74), r = G.tall ? 5 : 3.6;
	write("minds", 16, y + h * 0.5, ink.cognitive, 13, 600);
	const within = (list, to) => list.filter((m) => to(m) >= start && m.t <= end).map((m, i) => ({m, a: X(m.t), b: X(to(m)), y: rowA + (G.tall ? 0 : (i % 2) * 6 - 2), begun: m.t >= start}));
	const requests = within(model.requests, (a) => a.answer?.t ?? Math.min(known, a.until ?? known)), commands = within(model.commands, (d) => d.end?.t ?? Math.min(known, d.t + LONG));
	stroke(ink.cognitive, 1.4, () => {for (const q of requests) poly([q.b, q.y], [q.a, q.y])}, 1, [3.5, 2.5]);
	fill(ink.cognitive, () => {for (const q of requests) if (q.begun) diamond(q.a, q.y, r - 0.8)});
	const answered = () => {for (const q of requests) if (q.m.answer && q.m.answer.t <= end) diamond(q.b, q.y, r - 0.4)};
	fill(ink.pane, answered);
	stroke(ink.cognitive, 1.4, answered);
	stroke(ink.organs, 1.6, () => {for (const d of commands) {poly([d.a, rowB], [d.b, rowB]); if (d.m.end) poly([d.b, rowB - 4], [d.b, rowB + 4])}});
	fill(ink.organs, () => {for (const d of commands) if (d.begun) ctx.rect(d.a - 3.2, rowB - 3.2, 6.4, 6.4)});
	const spot = (kind, m, t, x, sy) => {if (t >= start && t <= end) G.spots.push({kind, id: decisionOf(m), t, x, y: sy, item: m})};
	for (const {m, a, b} of requests) {
		spot("ask", m, m.t, a, rowA);
		if (m.answer) spot("answer", m, m.answer.t, b, rowA);
	}
	for (const {m, a} of commands) spot("command", m, m.t, a, rowB);
	if (G.tall && !G.phone) {
		names(G, requests, rowA, (q) => q.m.answer?.text, 190);
		names(G, commands, rowB, (d) => d.m.text, 120);
	}
}

function names(G, list, y, textOf, most) {
	ctx.font = font(11);
	let taken = G.x;
	list.forEach((item, i) => {
		const text = fitText(textOf(item) ?? "", most), width = textWidth(text), next = list[i + 1];
		const x = item.b + 10 + width <= (next ? next.a - 10 : G.x + G.w) ? item.b + 10 : next ? -1 : item.a - 10 - width;
		const drawn = text && x >= taken;
		if (drawn) write(text, x, y, ink.muted);
		taken = Math.max(item.b + 14, drawn ? x + width + 12 : 0);
	});
}

function noSignal(G, a, b) {
	if (b - a < 1) return;
	const h = G.bottom - G.top;
	ctx.save();
	ctx.beginPath();
	ctx.rect(a, G.top, b - a, h);
	ctx.clip();
	stroke(ink.faint, 1, () => {for (let x = Math.floor((a - h) / 9) * 9; x < b; x += 9) poly([x, G.bottom], [x + h, G.top])}, 0.45);
	ctx.restore();
}

export function drawCursor(G, start, colMs) {
	const X = (t) => G.x + (t - start) / colMs, line = (x, dash) => stroke(ink.focus, 1.4, () => poly([x, G.top - 4], [x, G.axis - 8]), 1, dash);
	if (view.marker != null) {
		const x = X(view.marker);
		if (x >= G.x && x <= G.x + G.w) {
			line(x, [4, 3]);
			fill(ink.focus, () => poly([x - 5, G.top - 4], [x + 5, G.top - 4], [x, G.top + 3]));
		}
	}
	if (view.cursor == null) return;
	const x = X(view.cursor);
	line(x);
	if (G.tall) {
		const dots = () => {
			for (const lane of G.lanes) for (const slot of lane.cells) {
				const v = cellAt(model.cells[slot], view.cursor), y = lane.y + 7 + (1 - Math.abs(v)) * (lane.h - 12);
				if (v != null) {ctx.moveTo(x + 3, y); ctx.arc(x, y, 3, 0, 7)}
			}
		};
		fill(ink.pane, dots);
		stroke(ink.focus, 1.4, dots);
	}
	const text = dated(view.cursor, latest(), clockMs(view.cursor)) + (view.marker != null ? `  Δ ${length(Math.abs(view.cursor - view.marker))}` : "");
	ctx.font = font(11, 600);
	const w = textWidth(text) + 18, left = Math.max(G.x - 20, Math.min(G.x + G.w - w + 40, x - w * 0.5));
	fill(ink.focus, () => ctx.roundRect(left, G.axis - 10, w, 20, 4));
	write(text, left + w * 0.5, G.axis + 0.5, ink.onFocus, 11, 600, "center");
}

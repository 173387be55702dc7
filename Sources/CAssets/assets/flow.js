// Flow: one canvas for what stands, at 5 Hz and in parts, one for what moves.
import {model, hooks, gateAt, cellAt, mindSlot, organSlot} from "./model.js";
import {moment, known} from "./view.js";
import {ctx, ink, fit, begin, font, plain, textWidth, write, fill, stroke, blocks} from "./draw.js";
import {layout, lensWidth} from "./layout.js";
import {drawChamber, drawRail, drawFill} from "./chamber.js";
import {pulse, drawPulses, clearPulses, pulsesAlive, colourOf, DURATION} from "./pulses.js";
import {ladder, motion, redraw} from "./loop.js";
import {duration} from "./time.js";

export const flow = {L: null};
const swings = [], edgeAt = [];
let stage, still, moving, dirty = true, whole = true, part = 0, busy = false, even = false, drawnAt = 0, ring = 0, gap = 125, onLayout = () => {};

export function startFlow(element, laidOut) {
	stage = element;
	[still, moving] = stage.querySelectorAll("canvas");
	onLayout = laidOut;
	new ResizeObserver(() => {relayout(); redraw()}).observe(stage);
	hooks.wave = arrived;
}

export function relayout() {
	const W = stage.clientWidth, H = stage.clientHeight;
	if (!W || !model.ready) return;
	fit(still, W, H);
	fit(moving, W, H);
	begin(still);
	ctx.font = font(13);
	flow.L = layout(W, H, (rows) => Math.max(0, ...rows.flatMap((r) => r.cells.map((c) => textWidth(model.cells[c].n)))));
	if (flow.L.moved) clearPulses();
	whole = true;
	onLayout(flow.L);
}

function arrived(slot, v, t) {
	const place = flow.L?.byCell.get(slot);
	if (!place || document.hidden || moment() != null || model.frozen != null) return;
	const at = performance.now() + Math.max(-100, Math.min(150, t - known() + 100));
	if (at < (edgeAt[slot] ?? 0) + gap) return;
	edgeAt[slot] = at;
	pulse(place.path, at, DURATION.wave, v < 0 ? 1 : colourOf(model.cells[slot].domain), Math.abs(v), (then = at) => {swings[slot] = {at: then, a: Math.abs(v)}});
}

export function flowFrame(m, gate) {
	if (m.k !== "potential") dirty = true;
	if (!flow.L || document.hidden || moment() != null) return;
	const now = performance.now(), {toMind, toOrgan, byGate} = flow.L, row = byGate.get(gate);
	if (m.k === "collapse" && row) {
		for (let i = 0; i < 3; i++) pulse(row.path, now + i * 110, DURATION.opening, 0, 0.9 - i * 0.25, i ? null : (t = now) => {ring = t});
	} else if (m.k === "request") pulse(toMind[0], now + 620, DURATION.mind, 2, 0.8);
	else if (m.k === "response") {
		const mind = mindSlot(m.m);
		if (mind) pulse(toMind[mind], now, DURATION.mind, 2, 0.8, null, true);
	} else if (m.k === "command") {
		for (let i = 0; i < 2; i++) pulse(toOrgan[organSlot(m.o)], now + i * 140, DURATION.organ, 3, 0.9);
	} else if (m.k === "result") pulse(toOrgan[organSlot(m.o)], now, DURATION.organ, m.ok ? 3 : 1, 0.5, null, true);
}

function rowState(row, when) {
	if (row.gate) return gateAt(row.gate, when);
	const rank = (s) => ({OPEN: 4, CLOSED: 2, STABLE: 0})[s.state] + Math.abs(s.x);
	return row.gates.map((g) => gateAt(g, when)).reduce((a, b) => (rank(b) > rank(a) ? b : a), {state: "STABLE", x: 0});
}

function path(p) {
	ctx.moveTo(p[0], p[1]);
	for (let i = 2; i < 34; i += 2) ctx.lineTo(p[i], p[i + 1]);
}

function drawEdges(rows, dense, when, now) {
	const bundles = new Map();
	for (const row of rows) for (const place of row.places) {
		const cell = model.cells[place.slot], v = cellAt(cell, when) ?? 0, age = when == null ? Math.max(0, now - cell.at) : 0, size = Math.abs(v);
		const hz = cell.hz * Math.exp(-age / 1000);
		const bundle = {colour: v < 0 && dense ? "closed" : cell.domain, dash: cell.virtual ? [1.5, 3] : [], step: age > 4000 ? 0 : size < 0.3 ? 1 : size < 0.6 ? 2 : 3, width: when == null && hz > 12 ? 2.2 : when == null && hz > 3 ? 1.6 : 1};
		const key = Object.values(bundle).join();
		if (!bundles.has(key)) bundles.set(key, {...bundle, places: []});
		bundles.get(key).places.push(place);
	}
	for (const {colour, dash, step, width, places} of bundles.values()) {
		stroke(ink[colour], width, () => {for (const p of places) if (p.row.gates.length) path(p.path)}, (dense ? [0.2, 0.3, 0.45, 0.65] : [0.22, 0.32, 0.48, 0.7])[step], dash);
		if (dense) blocks(ink[colour], [0.35, 0.5, 0.75, 1][step], places.flatMap((p) => [p.x, p.y]), 1.5);
	}
}

function drawCells(L, when) {
	for (const row of L.rows) {
		if (!row.named && row.places.length) write(`${row.places.length} cells`, row.places[0].x - 14, (row.places[0].y + row.places.at(-1).y) / 2, ink.muted, 11, 400, "right");
		for (const {slot, x, y} of row.places) {
			const cell = model.cells[slot], v = cellAt(cell, when), colour = ink[cell.domain], circle = () => ctx.arc(x, y, 5, 0, 7);
			if (row.named) {
				write(plain(v), x - 12, y, ink.muted, 12, 400, "right");
				write(cell.n, x - 54, y, ink.text, 13, 400, "right", x - 64);
			}
			fill(ink.pane, circle);
			stroke(colour, 1.5, circle, 1, cell.virtual ? [2, 2.4] : []);
			if (v < 0) fill(ink.closed, () => ctx.rect(x - 3, y - 1, 6, 2));
			else if (v != null && !cell.virtual) fill(colour, () => ctx.arc(x, y, 2.2, 0, 7));
		}
	}
}

function drawLens({lens}) {
	ctx.save();
	ctx.translate(lens.x, lens.y);
	if (lens.flat) ctx.rotate(Math.PI / 2);
	const shape = () => {
		for (let i = -20; i <= 60; i++) {const k = i <= 20 ? i : 40 - i, x = lensWidth({y: 0, r: 20}, k) * (i <= 20 ? 1 : -1); ctx.lineTo(x, k * 0.05 * lens.r)}
		ctx.closePath();
	};
	fill(ink.nervous, shape, 0.13);
	stroke(ink.nervous, 1.2, shape, 0.9);
	ctx.restore();
	const word = model.collapses === 1 ? "collapse" : "collapses";
	if (lens.flat) return write(`thalamus · ${model.collapses} ${word}`, 16, lens.y - 24, ink.muted);
	write(word, lens.x, lens.y + lens.r + 30, ink.muted, 11, 400, "center");
	write(String(model.collapses), lens.x, lens.y + lens.r + 14, ink.text, 13, 600, "center");
}

function box(b, colour, title, lines) {
	fill(ink.raised, () => ctx.roundRect(b.x, b.y, b.w, b.h, 5));
	fill(colour, () => ctx.roundRect(b.x, b.y, 3, b.h, 2));
	const rows = lines.slice(0, b.h >= 58 ? 2 : b.h >= 36 ? 1 : 0), top = b.y + b.h * 0.5 - rows.length * 8;
	write(title, b.x + 12, top, ink.text, 13, 600, "left", b.w - 22);
	rows.forEach((line, i) => write(line, b.x + 12, top + 18 + i * 16, ink.muted, 11, 400, "left", b.w - 22));
}

function drawMinds(L) {
	stroke(ink.cognitive, 1.2, () => {for (const p of L.toMind) path(p)}, 0.75, [4, 3]);
	stroke(ink.organs, 1.2, () => {for (const p of L.toOrgan) path(p)}, 0.6);
	model.minds.forEach((m, i) => box(L.minds[i], ink.cognitive, m.n, [m.text || "no question yet", m.took != null ? `took ${duration(m.took)}` : ""]));
	model.organs.forEach((o, i) => box(L.organs[i], o.failed ? ink.closed : ink.organs, o.n, [o.text || "no command yet"]));
}

// One of so many parts, from above, with whole lines of rows.
function drawStill(number, parts) {
	const {L} = flow, when = moment(), dense = L.tier === "dense", each = Math.ceil(L.lines / parts);
	begin(still, parts === 1);
	if (parts === 1) return drawRows(L, L.rows, when, dense);
	const k = ctx.getTransform().a, whole = (v) => Math.round(v * k) / k;
	const edge = (n) => (n === 0 ? 0 : n === parts ? L.H : whole(Math.min(L.H, L.top + n * each * L.step - 1))), y = edge(number), h = edge(number + 1) - y;
	ctx.save();
	ctx.clearRect(0, y, L.W, h);
	ctx.beginPath();
	ctx.rect(0, y, L.W, h);
	ctx.clip();
	drawRows(L, L.rows.filter((row) => Math.floor(row.line / each) === number), when, dense);
	ctx.restore();
}

function drawRows(L, rows, when, dense) {
	if (!model.gates.length && !model.cells.length) return ghost(L);
	for (const head of L.heads) write(head.text, head.x, head.y, ink.muted, 11, 400, head.align);
	const states = new Map(L.rows.map((row) => [row, rowState(row, when)]));
	const doors = (open) => () => {for (const [row, {state}] of states) if (row.path && (state === "OPEN") === open) path(row.path)};
	if (!dense) stroke(ink.faint, 1, doors(false), 0.55);
	stroke(ink.nervous, dense ? 1.4 : 1.8, doors(true));
	drawEdges(rows, dense, when, known());
	if (!dense) drawCells(L, when);
	for (const row of rows) {
		if (!row.gates.length) continue;
		drawChamber(row, states.get(row), dense);
		drawRail(row, row.gates[0], dense);
	}
	drawLens(L);
	drawMinds(L);
}

function ghost(L) {
	const y = L.H * 0.4, s = L.W / 900, x = 534 * s;
	stroke(ink.faint, 1, () => {
		for (const i of [-1, 0, 1]) {ctx.moveTo(140 * s + 4, y + i * 16); ctx.arc(140 * s, y + i * 16, 4, 0, 7); ctx.lineTo(230 * s, y + i * 8)}
		ctx.roundRect(230 * s, y - 26, 200 * s, 52, 7);
		ctx.moveTo(x, y - 60); ctx.quadraticCurveTo(x + 24, y, x, y + 60); ctx.quadraticCurveTo(x - 24, y, x, y - 60);
		ctx.roundRect(590 * s, y - 26, 120 * s, 52, 5);
		ctx.roundRect(760 * s, y - 18, 90 * s, 36, 5);
	}, 1, [2, 3]);
	[["cells", 140], ["gates", 330], ["thalamus", 534], ["minds", 650], ["organs", 805]].forEach(([text, at]) => write(text, at * s, y - 84, ink.muted, 11, 400, "center"));
}

function drawStrings(L, when, now, at) {
	for (const row of L.rows) if (row.gate) for (const {slot, sy, room} of row.places) {
		const x = row.x + 12, w = row.w - 24, cell = model.cells[slot], v = cellAt(cell, when), fresh = when != null ? v != null : now - cell.at <= row.gate.window;
		const swing = when == null ? swings[slot] : null, u = swing ? (at - swing.at) / 700 : 1;
		const bend = motion.reduced ? Math.abs(v ?? 0) * room : u >= 0 && u < 1 && !ladder.still ? swing.a * room * (1 - u) ** 1.5 * Math.cos(u * 26) : 0;
		stroke(v < 0 ? ink.closed : ink[cell.domain], 1.5, () => {
			ctx.moveTo(x, sy);
			if (Math.abs(bend) < 0.15) ctx.lineTo(x + w, sy);
			else for (let i = 1; i <= 24; i++) ctx.lineTo(x + (w * i) / 24, sy + bend * 0.5 * Math.sin((i / 24) * Math.PI * 3));
		}, fresh ? 0.95 : 0.3, cell.virtual ? [1.5, 3] : []);
	}
}

function drawMoving(at) {
	const {L} = flow, when = moment(), dense = L.tier === "dense", u = (at - ring) / 900;
	begin(moving);
	for (const row of L.rows) if (row.gates.length) {const s = rowState(row, when); if (s.x != null) drawFill(row, s.x, s.state, dense)}
	if (!dense) drawStrings(L, when, known(), at);
	if (when != null) return;
	if (u >= 0 && u < 1 && !motion.reduced) stroke(ink.nervous, 2, () => ctx.arc(L.lens.x + (L.lens.flat ? 0 : 13), L.lens.y + (L.lens.flat ? 8 : 0), 4 + 22 * u, 0, 7), 1 - u);
	// Over 600 alive an edge waits longer, frame by frame.
	gap = pulsesAlive() > ladder.budget ? Math.min(4000, gap * 1.08) : Math.max(125, gap * 0.97);
	drawPulses(at, dense || ladder.squares);
}

// Draws what moves, at 4 to 5 Hz (`all`: now, whole) also what stands; answers whether the scope had better wait. Dense rows, of which there
// are many: what moves in every other frame, and in those between what stands, in parts, or else the scope, so that no frame does two.
export function drawFlow(at, all) {
	const {L} = flow;
	if (!L) return false;
	const dense = L.tier === "dense", now = all || whole, apart = dense && !now && !motion.reduced, parts = apart ? 3 : 1, every = motion.reduced ? 500 : ladder.level || dense ? 250 : 200;
	even = !even;
	if (apart && even) {
		drawMoving(at);
		return true;
	}
	busy = now || (!busy && (part > 0 || at - drawnAt >= (dirty && !dense ? 60 : every)));
	if (busy) {
		if (parts === 1) part = 0;
		if (part === 0) {drawnAt = at; dirty = whole = false}
		drawStill(part, parts);
		part = (part + 1) % parts;
	}
	if (!apart) drawMoving(at);
	return busy;
}

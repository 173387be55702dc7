// Places in Flow. Slots are fixed: nothing jumps when one joins.
import {model} from "./model.js";
import {view} from "./view.js";

// A pane that is narrower has names and boxes of its own.
export const NARROW = 640;
// The least height of a row with all that is in it; one that joins may press the others together to the second.
const FULL = 58, PRESSED = 48, FOLD = 120, PAD = 16;
const prefix = (name) => name.split(/[.\-_/:]/, 1)[0];

// Gates, then cells without a gate; over 120 gates, regions that share a prefix.
function flowRows() {
	let rows;
	if (model.gates.length > FOLD && view.fold == null) {
		const folds = Map.groupBy(model.gates, (gate) => prefix(gate.n));
		rows = [...folds].map(([fold, gates]) => ({fold, gates, cells: gates.flatMap((g) => g.cells)}));
	} else rows = model.gates.filter((g) => view.fold == null || prefix(g.n) === view.fold).map((gate) => ({gate, gates: [gate], cells: gate.cells}));
	if (model.free.length && view.fold == null) rows.push({gates: [], cells: model.free});
	return rows;
}

// A curve that leaves and enters level, as 17 points for the pulses.
function curve(x0, y0, x1, y1) {
	const out = new Float32Array(34), c = (x0 + x1) * 0.5;
	for (let i = 0; i <= 16; i++) {
		const t = i / 16, u = 1 - t, a = u ** 3, b = 3 * u * u * t, d = 3 * u * t * t, e = t ** 3;
		out[2 * i] = a * x0 + (b + d) * c + e * x1;
		out[2 * i + 1] = (a + b) * y0 + (d + e) * y1;
	}
	return out;
}

function along(...points) {
	const lengths = [0], out = new Float32Array(34);
	for (let i = 1; i < points.length; i++) lengths.push(lengths[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
	for (let i = 0, k = 1; i <= 16; i++) {
		const at = (i / 16) * lengths.at(-1);
		while (k < points.length - 1 && lengths[k] < at) k++;
		const share = (at - lengths[k - 1]) / (lengths[k] - lengths[k - 1] || 1);
		for (const d of [0, 1]) out[2 * i + d] = points[k - 1][d] + (points[k][d] - points[k - 1][d]) * share;
	}
	return out;
}

// Room for three, six …: one that joins moves no other before it is full.
function boxes(n, x, w, top, height, tallest) {
	const room = 3 * Math.max(1, Math.ceil(n / 3)), pitch = Math.min(tallest + 14, height / room), h = Math.min(tallest, pitch - Math.min(14, pitch * 0.2));
	const y = top + (height - pitch * room + pitch - h) / 2;
	return Array.from({length: n}, (_, i) => ({x, y: y + i * pitch, w, h}));
}

// What a layout was made for. It is kept while what joins has room in it.
let plan = null;

// The rows that are planned for: an even number, four at least, with room for two more where every row keeps its height.
function makePlan(W, H, rows, height, phone, nameWidth) {
	const n = Math.max(1, rows.length), held = plan?.W === W && plan.H === H && plan.fold === view.fold ? plan : null;
	if (held && held.folded === (rows[0]?.fold != null) && n <= held.n) return held;
	const dense = held?.dense || height / n < (held ? PRESSED : FULL), roomy = Math.max(4, n + 2 + (n % 2)), fits = Math.floor(height / (phone ? 86 : FULL));
	// Before the first cell is known its name may have any length.
	const name = rows.some((r) => r.cells.length) ? Math.max(72, nameWidth(rows)) : 120;
	return {W, H, fold: view.fold, folded: rows[0]?.fold != null, dense, n: dense ? roomy : Math.max(n, Math.min(roomy, fits)), name, seats: new Map()};
}

// The numbers of the places of a row's cells: each keeps its own, and one that joins takes the next while `fits(number, of)` holds.
function seats(row, fits) {
	const key = row.gate?.slot ?? row.fold ?? "free", {cells} = row, held = plan.seats.get(key), own = held ?? {n: Math.max(1, cells.length), of: new Map()};
	for (const slot of cells) if (!own.of.has(slot)) own.of.set(slot, own.of.size);
	if (held && !fits(own.of.size - 1, own.n)) {
		plan.seats.delete(key);
		return seats(row, fits);
	}
	plan.seats.set(key, own);
	return own;
}

function fullRow(row, ringX) {
	const {x, y, h, cells} = row, between = (n) => Math.min(20, (h + 12) / Math.max(1, n)), own = seats(row, (i, n) => (i - (n - 1) / 2) * between(n) <= h / 2 + 9);
	const n = cells.length, pitch = between(own.n), tall = h > 70, order = [...cells].sort((a, b) => own.of.get(a) - own.of.get(b));
	row.stacked = tall && row.w < 200;
	const top = y + (row.stacked ? 46 : tall ? 34 : Math.min(28, h * 0.5)), low = Math.max(top, y + h - (tall ? 24 : 17));
	const gap = Math.min(h > 80 ? 19 : 9, (low - top) / Math.max(1, n - 1));
	row.named = pitch >= 14;
	row.places = order.map((slot, i) => {
		const cy = y + h * 0.5 + (own.of.get(slot) - (own.n - 1) * 0.5) * pitch, sy = (top + low) * 0.5 + (i - (n - 1) * 0.5) * gap;
		return {slot, x: ringX, y: cy, sy, room: Math.max(2, Math.min(9, gap * 0.7, (low - top) * 0.5 + 2)), path: curve(ringX + 6, cy, x, sy)};
	});
}

function denseRow(row, x) {
	const {y, h, cells} = row, grid = (n) => {
		const columns = Math.max(1, Math.ceil(n / Math.max(1, Math.floor((h - 2) / 4)))), used = Math.ceil(n / columns), pitch = Math.min(6, (h - 4) / Math.max(1, used));
		return {columns, pitch, down: (i) => (Math.floor(i / columns) - (used - 1) / 2) * pitch};
	};
	const own = seats(row, (i, n) => grid(n).down(i) <= h * 0.5 - 2), {columns, down} = grid(own.n);
	row.places = cells.map((slot) => {
		const i = own.of.get(slot), cy = y + h / 2 + down(i), cx = x + 2 + (i % columns) * Math.min(6, 12 / columns);
		return {slot, x: cx, y: cy, path: curve(cx + 2, cy, x + 26, cy)};
	});
}

export function layout(W, H, nameWidth) {
	const rows = flowRows(), phone = W < NARROW && H >= 420, narrow = W < NARROW, former = plan;
	const parts = model.minds.length + model.organs.length, lower = phone ? (parts > 3 ? 222 : 176) : 0, top = phone ? 44 : 72, height = H - top - (phone ? 12 : 18) - lower;
	plan = makePlan(W, H, rows, height, phone, nameWidth);
	// Cells without a gate have the last place: it stays where it is when a gate joins.
	const {n, dense} = plan, pitch = height / n;
	const place = (row, i) => (row.gates.length ? i : n - 1), L = {W, H, phone, rows, moved: plan !== former, tier: dense ? "dense" : "full", columns: 1, heads: []};
	const side = phone ? 0 : Math.round(dense ? Math.max(narrow ? 150 : 200, Math.min(380, W * 0.245)) : Math.max(narrow ? 190 : 290, Math.min(520, W * 0.345)));
	const lensX = phone ? W * 0.5 : W - PAD - side - 42, head = (text, x, align) => {if (!phone) L.heads.push({text, x, y: 50, align})};
	if (dense) {
		const room = phone ? W - PAD - 28 : lensX - 56;
		while (L.columns < 12 && (height / Math.ceil(n / L.columns) < 26 || room / L.columns - 38 > 280) && room / (L.columns + 1) - 38 >= (phone ? 68 : 84)) L.columns++;
		const lines = Math.ceil(n / L.columns), step = Math.min(40, height / lines), width = room / L.columns;
		Object.assign(L, {lines, step, top});
		rows.forEach((row, i) => {
			const at = place(row, i), column = Math.floor(at / lines), x = PAD + column * width;
			Object.assign(row, {line: at % lines, x: x + 26, y: top + (at % lines) * step, w: width - 38, h: Math.max(14, step - 5), column});
			denseRow(row, x);
		});
		const count = (kind) => rows.reduce((sum, r) => sum + r[kind].length, 0);
		head(`${view.fold != null ? `‹ All regions · ${view.fold}: ` : ""}${count("cells")} cells in ${count("gates")} gates${rows[0]?.fold != null ? ", folded by region" : ""}`, PAD);
	} else {
		const ringX = PAD + Math.max(40, Math.min(phone ? 60 : 120, plan.name)) + 54, right = phone ? W - PAD - 14 : lensX - 70, space = right - ringX;
		const w = Math.min(phone ? space - 19 : 380, Math.max(space - 96, Math.min(230, space - 40))), h = Math.min(phone ? 128 : 104, pitch - 13), gap = Math.min(13 + (pitch - 13 - h) * 0.4, 26);
		L.y = top + Math.max(0, (height - n * (h + gap) + gap) * 0.5);
		L.end = L.y + n * (h + gap) - gap;
		rows.forEach((row, i) => {
			Object.assign(row, {x: right - w, y: L.y + place(row, i) * (h + gap), w, h});
			fullRow(row, ringX);
		});
		head("cells", ringX + 6, "right");
		head("gates", right - w + 12);
	}
	if (phone) {
		L.lens = {x: lensX, y: H - lower + 26, r: Math.min(140, (W - 70) * 0.5), flat: true};
		const a = parts > 6 ? Math.ceil(parts / 2) : Math.min(3, Math.max(1, parts)), w = (W - 2 * PAD - 9 * (a - 1)) / a;
		const all = Array.from({length: parts}, (_, k) => ({x: PAD + (k % a) * (w + 9), y: H - lower + 78 + Math.floor(k / a) * 62, w: Math.min(w, 170), h: parts > 3 ? 50 : 56}));
		L.minds = all.slice(0, model.minds.length);
		L.organs = all.slice(model.minds.length);
	} else {
		const {y: first = top, end = 0} = dense ? {} : L, low = Math.min(H - 52, dense ? H : Math.max(end, top + 180) - 30);
		const mx = lensX + 48, ow = Math.round(side * 0.4) - 6, ox = W - PAD - ow;
		L.lens = {x: lensX, y: (first + low) * 0.5, r: (low - first) * 0.5, flat: false};
		L.minds = boxes(model.minds.length, mx, Math.round(side * 0.5), first - 2, low - first + 4, 68);
		L.organs = boxes(model.organs.length, ox, ow, first - 2, low - first + 4, 52);
		head("thalamus", lensX, "center");
		if (L.minds.length) head("minds", mx);
		if (L.organs.length) head("organs · motors", ow < 100 ? W - PAD : ox, ow < 100 ? "right" : "left");
	}
	paths(L, dense);
	return L;
}

function paths(L, dense) {
	const {lens, rows, minds, organs, W} = L;
	L.byGate = new Map();
	L.byCell = new Map();
	for (const row of rows) {
		for (const gate of row.gates) L.byGate.set(gate.slot, row);
		for (const place of row.places) {place.row = row; L.byCell.set(place.slot, place)}
		if (!row.gates.length) continue;
		const x = row.x + row.w, y = row.y + row.h * 0.5, start = [x + 2, y];
		if (lens.flat) {
			const out = dense ? Math.min(W - 8, x + 8) : W - 12, end = lens.x + lens.r * (0.35 + (0.6 * row.x) / W);
			row.path = along(start, [out, y], [out, lens.y - 16], [end, lens.y - 8 * Math.max(0, 1 - ((end - lens.x) / lens.r) ** 2)]);
			continue;
		}
		const ly = lens.y + Math.max(-0.8, Math.min(0.8, ((y - lens.y) / Math.max(1, lens.r)) * 0.86)) * lens.r, lx = lens.x - lensWidth(lens, ly), gutter = row.y + row.h + 2.5;
		row.path = dense ? along(start, [x + 6, y], [x + 10, gutter], [row.column === L.columns - 1 ? lx - 16 : lens.x - 34, gutter], [lx, ly]) : curve(...start, lx, ly);
	}
	const at = (b, sx, sy) => [b.x + b.w * sx, b.y + b.h * sy], start = lens.flat ? [lens.x, lens.y + 8] : [lens.x + 13, lens.y], bridge = minds[0];
	L.toMind = minds.map((box, i) => {
		if (lens.flat) {const [x, y] = at(box, 0.5, 0), p = curve(start[1], start[0], y, x); return p.map((_, k) => p[k ^ 1])}
		return i ? along([bridge.x + 18, bridge.y + bridge.h], [bridge.x + 18, box.y]) : curve(...start, ...at(box, 0, 0.5));
	});
	L.toOrgan = organs.map((box) => {
		if (!lens.flat || !bridge) return curve(...(bridge ? at(bridge, 1, 0.5) : start), ...at(box, 0, 0.5));
		const a = at(bridge, 0.5, 1), b = at(box, 0.5, 1);
		return along(a, [a[0], b[1] + 14], [b[0], b[1] + 14], b);
	});
}
export const lensWidth = (lens, y) => Math.max(0, (1 - ((y - lens.y) / lens.r) ** 2) * 13);

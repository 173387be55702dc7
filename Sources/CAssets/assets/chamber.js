// A gate as a resonance chamber.
import {ctx, ink, stateInk, font, textWidth, sign, signed, plain, write, fill, stroke, poly} from "./draw.js";
export function drawChamber(row, shown, dense) {
	const {state} = shown, stable = state === "STABLE", colour = stateInk(state), {x, y, w, h} = row, right = x + w, r = dense ? 4 : 7;
	const walls = () => {
		if (state !== "OPEN") return ctx.roundRect(x, y, w, h, r);
		ctx.moveTo(right, y); ctx.lineTo(x + r, y); ctx.arcTo(x, y, x, y + r, r); ctx.lineTo(x, y + h - r); ctx.arcTo(x, y + h, x + r, y + h, r); ctx.lineTo(right, y + h);
	};
	fill(ink.raised, walls);
	if (!stable) fill(colour, walls, 0.15);
	stroke(stable ? ink.faint : colour, stable ? 1 : dense ? 1.4 : 1.8, walls);
	if (state === "OPEN") {
		const out = right + (dense ? 3.3 : 10), dip = dense ? 2.5 : 6;
		stroke(colour, dense ? 1.8 : 2.5, () => {poly([right - 4, y], [right, y], [out, y + dip]); poly([right - 4, y + h], [right, y + h], [out, y + h - dip])});
	} else if (state === "CLOSED") fill(colour, () => ctx.roundRect(right - (dense ? 3 : 4), y - 0.5, dense ? 3.5 : 5, h + 1, 2));
	if (dense) {
		const name = row.fold != null ? `${row.fold} · ${row.gates.length}` : row.gate.n, middle = y + h * (h >= 19 ? 0.38 : 0.5);
		write(name, x + 6, middle, stable ? ink.muted : ink.text, 11, stable ? 400 : 600, "left", w - 23);
		sign(state, right - 9, middle, colour, 6.5);
		return;
	}
	const left = x + 12, line = y + 15, whole = (shown.bound ? (state === "OPEN" ? "≥ " : "≤ ") : "") + signed(shown.x);
	const trust = row.gate.w == null ? "" : `trust ${plain(row.gate.w)}`;
	// A narrow chamber has the state below the potential, else its sign alone, else no figure either, so that the name keeps its room.
	ctx.font = font(13, 600);
	const shortest = right - 31 - Math.max(48, textWidth(whole) + 10), value = row.stacked || shortest - left > 40 ? whole : "";
	const end = row.stacked || !value ? right - 12 : shortest + 19, below = line + (row.stacked ? 17 : 0);
	ctx.font = font(11, 600);
	const word = row.stacked || (value && end - textWidth(state) - 19 - left > 40) ? state : "", at = end - (word ? textWidth(word) + 11 : 4), room = (row.stacked ? right - 60 : at - 12) - left;
	write(value, right - 12, line, stable ? ink.text : colour, 13, 600, "right");
	write(word, end, below + 0.5, colour, 11, 600, "right");
	sign(state, at, below, colour);
	write(row.gate.n, left, line, ink.text, 13, 600, "left", room);
	const beside = left + Math.min(room, textWidth(row.gate.n)) + 10;
	ctx.font = font(11);
	if (row.stacked) write(trust, left, below, ink.muted, 11, 400, "left", at - left - 12);
	else if (beside + textWidth(trust) + 8 <= left + room) write(trust, beside, line + 0.5, ink.muted);
}

function rail(row, dense) {
	const pad = dense ? 7 : 12, x = row.x + pad, w = row.w - 2 * pad;
	return {x, w, y: row.y + row.h - (dense ? Math.max(4, row.h * 0.22) : 10), h: dense ? 2.5 : 4, at: (v) => x + ((Math.max(-1, Math.min(1, v)) + 1) * 0.5) * w};
}

export function drawRail(row, gate, dense) {
	const r = rail(row, dense), open = r.at(gate.open), close = r.at(gate.close), top = r.y - r.h * 0.5, tick = dense ? 3 : 6;
	fill(ink.line, () => ctx.rect(r.x, top, r.w, r.h));
	fill(ink.closed, () => ctx.rect(r.x, top, close - r.x, r.h), 0.4);
	fill(ink.open, () => ctx.rect(open, top, r.x + r.w - open, r.h), 0.4);
	fill(ink.muted, () => {for (const x of [open, close]) ctx.rect(x - 0.6, r.y - tick, 1.2, 2 * tick)});
	if (!dense) fill(ink.faint, () => {for (const v of [gate.open, gate.close]) ctx.rect(r.at(v * gate.release) - 0.5, r.y - 3.5, 1, 7)});
}
export function drawFill(row, x, state, dense) {
	const r = rail(row, dense), zero = r.at(0), end = r.at(x), tick = dense ? 2.5 : 5;
	ctx.fillStyle = state === "STABLE" ? ink.nervous : stateInk(state);
	ctx.fillRect(Math.min(zero, end), r.y - r.h * 0.5, Math.abs(end - zero), r.h);
	ctx.fillRect(end - 0.9, r.y - tick, 1.8, 2 * tick);
}

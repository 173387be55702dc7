// Rate, openings, and the window as a frame to drag.
import {model} from "./model.js";
import {view, changed, latest, windowEnd, windowStart} from "./view.js";
import {ctx, ink, write, fill, stroke} from "./draw.js";
import {countAt, SLOT} from "./ring.js";
import {intervals} from "./marks.js";
import {length} from "./time.js";

const LENGTHS = [300000, 1800000, 7200000, 28800000, 86400000, 7 * 86400000];
export const overview = {least: 0, start: 0, span: LENGTHS[0]};
export function longer() {
	overview.least = (overview.least + 1) % LENGTHS.length;
	changed("lanes");
}
export const overviewTime = (G, x) => overview.start + ((x - G.x) / G.w) * overview.span;

export function drawOverview(G) {
	const now = latest(), span = LENGTHS.find((l, i) => i >= overview.least && now - l <= windowStart() + 1 && l >= view.span) ?? LENGTHS.at(-1), start = now - span;
	Object.assign(overview, {span, start});
	const {y, h} = G.overview, X = (t) => G.x + Math.max(0, (t - start) / span) * G.w, slots = (span / G.w / SLOT) * 3;
	fill(ink.raised, () => ctx.roundRect(G.x, y, G.w, h, 4));
	write(length(span), G.x - 10, y + h * 0.5, ink.muted, 11, 400, "right");
	if (slots <= 400) {
		const bars = [];
		for (let k = Math.ceil(start / SLOT / slots), n = 0; n < G.w / 3; k++, n++) {
			let sum = 0;
			for (let s = Math.ceil(k * slots), e = Math.ceil((k + 1) * slots); s < e; s++) sum += countAt(s);
			bars.push([X(k * slots * SLOT), sum]);
		}
		const most = Math.max(1, ...bars.map((b) => b[1]));
		fill(ink.muted, () => {for (const [x, sum] of bars) if (sum) {const b = Math.max(1, (sum / most) * (h - 6)); ctx.rect(x, y + h - 1 - b, 2, b)}}, 0.75);
	}
	fill(ink.open, () => {
		for (const gate of model.gates) for (const {state, a, b} of intervals(gate, start, now, now)) if (state === "OPEN") ctx.rect(X(a), y, Math.max(1.5, X(b) - X(a)), 2.5);
	});
	const a = X(windowStart()), b = Math.min(G.x + G.w, X(windowEnd()));
	stroke(ink.text, 1.5, () => ctx.roundRect(a + 0.75, y - 1, Math.max(5, b - a - 1.5), h + 2, 3));
}

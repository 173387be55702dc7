// The strip below the scope: rate, openings, and the window as a frame to drag.
import { model } from "./model.js";
import { view, latest, windowEnd, windowStart } from "./view.js";
import { ink, write } from "./draw.js";
import { countAt, SLOT } from "./ring.js";
import { length } from "./time.js";

const LENGTHS = [300000, 1800000, 7200000, 28800000, 86400000, 7 * 86400000];
export const overview = { least: 0, start: 0, span: LENGTHS[0] };

/** A longer strip at each call, then the shortest again. */
export function longer() { overview.least = (overview.least + 1) % LENGTHS.length; }

function range() {
  const now = latest(), start = windowStart();
  let i = overview.least;
  while (i < LENGTHS.length - 1 && (now - LENGTHS[i] > start + 1 || view.span > LENGTHS[i])) i++;
  overview.span = LENGTHS[i];
  overview.start = now - overview.span;
}

export const overviewTime = (G, x) => overview.start + ((x - G.x) / G.w) * overview.span;

export function drawOverview(ctx, G) {
  range();
  const { y, h } = G.overview, { start, span } = overview, X = (t) => G.x + ((t - start) / span) * G.w, now = latest();
  ctx.fillStyle = ink.raised;
  ctx.beginPath(); ctx.roundRect(G.x, y, G.w, h, 4); ctx.fill();
  write(ctx, length(span), G.x - 10, y + h / 2, ink.muted, 11, 400, "right");
  const step = 3, slots = (span / G.w / SLOT) * step, first = Math.floor(start / SLOT / slots);
  if (slots <= 400) {
    let most = 1;
    const bars = [];
    for (let k = first, n = 0; n <= G.w / step; k++, n++) {
      let sum = 0;
      for (let s = Math.ceil(k * slots), e = Math.ceil((k + 1) * slots); s < e; s++) sum += countAt(s);
      if (sum) { bars.push(X(k * slots * SLOT), sum); if (sum > most) most = sum; }
    }
    ctx.fillStyle = ink.muted; ctx.globalAlpha = 0.75;
    ctx.beginPath();
    for (let i = 0; i < bars.length; i += 2) { const b = Math.max(1, (bars[i + 1] / most) * (h - 6)); ctx.rect(Math.max(G.x, bars[i]), y + h - 1 - b, 2, b); }
    ctx.fill(); ctx.globalAlpha = 1;
  }
  ctx.fillStyle = ink.open;
  for (const gate of model.gates) {
    let from = null;
    const bar = (a, b) => { if (b > start) ctx.fillRect(Math.max(G.x, X(a)), y, Math.max(1.5, X(Math.min(b, now)) - Math.max(G.x, X(a))), 2.5); };
    for (const c of gate.history) { if (from != null) { bar(from, c.t); from = null; } if (c.state === "OPEN") from = c.t; }
    if (from != null) bar(from, now);
  }
  const a = Math.max(G.x, X(windowStart())), b = Math.min(G.x + G.w, X(windowEnd()));
  ctx.strokeStyle = ink.text; ctx.lineWidth = 1.5;
  ctx.beginPath(); ctx.roundRect(a + 0.75, y - 1, Math.max(5, b - a - 1.5), h + 2, 3); ctx.stroke();
}

// Which lanes the scope has, and their traces: one a cell in tall lanes, one strip a gate in low ones.
import { model } from "./model.js";
import { view } from "./view.js";
import { ink } from "./draw.js";
import { EMPTY } from "./ring.js";

const FLOOR = 0.2;

/** Lanes in the order of slots, without those that the filter hides. */
export function lanes() {
  const out = [];
  for (const gate of model.gates) out.push({ gate, name: gate.n, cells: gate.cells });
  for (const slot of model.free) out.push({ gate: null, name: model.cells[slot].n, cells: [slot] });
  const text = view.filter.trim().toLowerCase(), invert = text.startsWith("!"), wanted = invert ? text.slice(1) : text;
  if (!wanted) return out;
  return out.filter((l) => (l.name.toLowerCase().includes(wanted) || l.cells.some((c) => model.cells[c].n.toLowerCase().includes(wanted))) !== invert);
}

/** Places of lanes, minds, axis and overview in a pane of `W` × `H`. */
export function arrange(W, H) {
  const phone = W < 640, all = lanes(), minds = model.minds.length + model.organs.length > 0;
  const G = { W, H, phone, x: phone ? 76 : 112, top: phone ? 52 : 42, all, tall: true, first: 0 };
  G.w = Math.max(60, W - G.x - (phone ? 62 : 64));
  G.overview = { y: H - 33, h: 16 };
  G.axis = H - 46;
  const bottom = H - 61, space = bottom - G.top, n = Math.max(1, all.length);
  let mindsH = minds ? Math.min(phone ? 132 : 56, space / (n + 1)) : 0;
  let h = (space - mindsH) / n;
  if (h < 34) {
    G.tall = false;
    mindsH = minds ? 38 : 0;
    h = Math.max(12, Math.min(20, (space - mindsH) / n));
  } else h = Math.min(h, 132);
  G.h = h;
  G.fits = Math.max(1, Math.floor((space - mindsH + 0.01) / h));
  view.lane = Math.max(0, Math.min(view.lane, all.length - G.fits));
  G.first = G.tall ? 0 : view.lane;
  G.lanes = all.slice(G.first, G.first + G.fits);
  G.lanes.forEach((lane, i) => { lane.y = G.top + i * h; lane.h = h; });
  G.minds = { y: G.top + G.lanes.length * h, h: minds ? (G.tall ? Math.min(mindsH, h) : mindsH) : 0 };
  G.bottom = G.minds.y + G.minds.h;
  if (G.bottom > bottom) { G.minds.y = bottom - G.minds.h; G.bottom = bottom; }
  return G;
}

/**
 * Traces of the lanes into the columns `c0`…`c1` of the plot (CSS pixels; `colMs` a column, column 0 at `start`).
 * `source` gives arrays by cell: `{step, base, first, last, modulo, of(cell)}`, slot s covers base + s·step.
 */
export function drawTraces(ctx, G, source, start, colMs, c0, c1) {
  if (G.tall) for (const lane of G.lanes) lane.cells.forEach((slot, i) => trace(ctx, lane, slot, i, source, start, colMs, c0, c1));
  else strips(ctx, G, source, start, colMs, c0, c1);
}

const high = (min, max) => (Math.abs(min) > Math.abs(max) ? Math.abs(min) : Math.abs(max)) / 127;
const low = (min, max) => (Math.abs(min) > Math.abs(max) ? Math.abs(max) : Math.abs(min)) / 127;

function trace(ctx, lane, slot, order, source, start, colMs, c0, c1) {
  const ring = source.of(slot);
  if (!ring) return;
  const { min, max } = ring, { step, base, modulo } = source, cell = model.cells[slot];
  const top = lane.y + 7, room = lane.h - 12, y = (v) => top + (1 - v) * room;
  const wide = Math.max(1, step / colMs), virtual = cell.virtual, gapMax = Math.max(virtual ? 4000 : 2500, 2 * step);
  const from = Math.max(source.first, Math.floor((start + (c0 - 2 * wide - 4000 / colMs) * colMs - base) / step));
  const to = Math.min(source.last, Math.floor((start + c1 * colMs - base) / step));
  ctx.strokeStyle = ctx.fillStyle = ink[cell.domain];
  ctx.globalAlpha = order ? 0.6 : 1;
  const every = Math.ceil((5 * colMs) / 100) * 100;
  let column = null, top0 = 0, low0 = 0, lastX = null, lastT = 0, lastTop = 0, bars = [];
  ctx.lineWidth = order ? 1.1 : 1.5;
  ctx.beginPath();
  const flush = () => {
    if (column == null) return;
    const t = start + column * colMs;
    if (virtual) {
      // Dots at fixed times between the values, so that they do not shimmer while the trace moves.
      if (lastX == null || t - lastT > gapMax) ctx.rect(column - 0.8, y(top0) - 0.8, 1.6, 1.6);
      else for (let d = Math.ceil(lastT / every) * every; d <= t; d += every) ctx.rect((d - start) / colMs - 0.8, y(lastTop + (top0 - lastTop) * (d - lastT) / (t - lastT || 1)) - 0.8, 1.6, 1.6);
      lastTop = top0;
    } else {
      if (lastX == null || t - lastT > gapMax) { ctx.moveTo(column - 0.5, y(top0)); ctx.lineTo(column + 0.5, y(top0)); } else ctx.lineTo(column, y(top0));
      if (top0 - low0 > 0.02) bars.push(column, low0, top0);
    }
    lastX = column;
    lastT = t;
    column = null;
  };
  for (let s = from; s <= to; s++) {
    const i = modulo ? s % modulo : s, b = max[i];
    if (b === EMPTY) continue;
    const a = min[i], x = wide > 1 ? (base + (s + 0.5) * step - start) / colMs : Math.floor((base + s * step - start) / colMs);
    const h = high(a, b), l = a < 0 && b > 0 ? 0 : low(a, b);
    if (x !== column) { flush(); column = x; top0 = h; low0 = l; } else { if (h > top0) top0 = h; if (l < low0) low0 = l; }
  }
  flush();
  if (virtual) ctx.fill(); else ctx.stroke();
  if (bars.length) {
    ctx.lineWidth = 1.2;
    ctx.beginPath();
    for (let i = 0; i < bars.length; i += 3) { ctx.moveTo(bars[i], y(bars[i + 1])); ctx.lineTo(bars[i], y(bars[i + 2])); }
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

const LIGHT = [0.05, 0.16, 0.32, 0.5, 0.72, 1];
const level = (v) => (v < FLOOR ? 0 : v < 0.32 ? 1 : v < 0.44 ? 2 : v < 0.58 ? 3 : v < 0.74 ? 4 : 5);

function strips(ctx, G, source, start, colMs, c0, c1) {
  const { step, base, modulo } = source, first = Math.max(0, Math.floor(c0)), n = Math.ceil(c1) - first;
  if (n <= 0) return;
  const rects = LIGHT.map(() => []), best = new Float32Array(n);
  for (const lane of G.lanes) {
    best.fill(-1);
    for (const slot of lane.cells) {
      const ring = source.of(slot);
      if (!ring) continue;
      const { min, max } = ring;
      // A value stands until the next one, at most 2.5 s, so that a slow cell is no row of stripes.
      let prev = -1, value = 0;
      const from = Math.max(source.first, Math.floor((start + first * colMs - 2500 - base) / step)), to = Math.min(source.last, Math.floor((start + c1 * colMs - base) / step));
      for (let s = from; s <= to; s++) {
        const i = modulo ? s % modulo : s;
        if (max[i] === EMPTY) continue;
        const v = high(min[i], max[i]), a = Math.floor((base + s * step - start) / colMs) - first, b = Math.max(a + 1, Math.floor((base + (s + 1) * step - start) / colMs) - first);
        if (prev >= 0 && (s - prev) * step <= 2500) for (let c = Math.max(0, Math.floor((base + (prev + 1) * step - start) / colMs) - first); c < a && c < n; c++) if (value > best[c]) best[c] = value;
        prev = s;
        value = v;
        for (let c = Math.max(0, a); c < b && c < n; c++) if (v > best[c]) best[c] = v;
      }
    }
    for (let c = 0; c < n; ) {
      if (best[c] < 0) { c++; continue; }
      const l = level(best[c]);
      let e = c + 1;
      while (e < n && best[e] >= 0 && level(best[e]) === l) e++;
      rects[l].push(first + c, lane.y + 1, e - c, lane.h - 3);
      c = e;
    }
  }
  ctx.fillStyle = ink.nervous;
  rects.forEach((list, l) => {
    if (!list.length) return;
    ctx.globalAlpha = LIGHT[l];
    ctx.beginPath();
    for (let i = 0; i < list.length; i += 4) ctx.rect(list[i], list[i + 1], list[i + 2], list[i + 3]);
    ctx.fill();
  });
  ctx.globalAlpha = 1;
}

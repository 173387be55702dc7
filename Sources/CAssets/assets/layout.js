// Places of everything in Flow. Slots are fixed: what joins is appended, nothing jumps.
import { model } from "./model.js";
import { view } from "./view.js";

const FOLD = 120;
const prefix = (name) => name.split(/[.\-_/:]/, 1)[0];

/** Rows of Flow: gates in order of slot, then cells without a gate; over 120 gates, regions that share a prefix. */
export function flowRows() {
  const rows = [];
  if (model.gates.length > FOLD && view.fold == null) {
    const folds = new Map();
    for (const gate of model.gates) {
      const key = prefix(gate.n);
      if (!folds.has(key)) { const row = { fold: key, gates: [], cells: [] }; folds.set(key, row); rows.push(row); }
      folds.get(key).gates.push(gate);
      folds.get(key).cells.push(...gate.cells);
    }
  } else {
    for (const gate of model.gates) {
      if (view.fold == null || prefix(gate.n) === view.fold) rows.push({ gate, gates: [gate], cells: gate.cells });
    }
  }
  if (model.free.length && view.fold == null) rows.push({ gates: [], cells: model.free });
  return rows;
}

function samples(x0, y0, x1, y1, bend = 0.5) {
  // A curve that leaves and enters level, as a table of points for the pulses.
  const out = new Float32Array(34), c0 = x0 + (x1 - x0) * bend, c1 = x1 - (x1 - x0) * bend;
  for (let i = 0; i <= 16; i++) {
    const t = i / 16, u = 1 - t;
    out[2 * i] = u * u * u * x0 + 3 * u * u * t * c0 + 3 * u * t * t * c1 + t * t * t * x1;
    out[2 * i + 1] = u * u * u * y0 + 3 * u * u * t * y0 + 3 * u * t * t * y1 + t * t * t * y1;
  }
  return out;
}

/** A path through corners, with an equal number of points a piece of its length. */
function along(points) {
  const lengths = [0];
  for (let i = 1; i < points.length; i++) lengths.push(lengths[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
  const out = new Float32Array(34), whole = lengths.at(-1) || 1;
  for (let i = 0, k = 1; i <= 16; i++) {
    const at = (i / 16) * whole;
    while (k < points.length - 1 && lengths[k] < at) k++;
    const share = (at - lengths[k - 1]) / (lengths[k] - lengths[k - 1] || 1);
    out[2 * i] = points[k - 1][0] + (points[k][0] - points[k - 1][0]) * share;
    out[2 * i + 1] = points[k - 1][1] + (points[k][1] - points[k - 1][1]) * share;
  }
  return out;
}

function boxes(n, x, w, top, height, tallest) {
  const pitch = Math.min(tallest + 14, height / Math.max(1, n)), h = Math.min(tallest, pitch - Math.min(14, pitch * 0.2));
  const y = top + (height - pitch * n + (pitch - h)) / 2;
  return Array.from({ length: n }, (_, i) => ({ x, y: y + i * pitch, w, h }));
}

function fullRow(row, x, y, w, h, ringX) {
  const n = row.cells.length, pitch = Math.min(20, (h + 12) / Math.max(1, n));
  const room = [y + (h > 70 ? 34 : 27), y + h - (h > 70 ? 24 : 18)], gap = Math.min(h > 80 ? 19 : 10, (room[1] - room[0]) / Math.max(1, n - 1));
  const cellTop = y + h / 2 - ((n - 1) * pitch) / 2, stringTop = (room[0] + room[1]) / 2 - ((n - 1) * gap) / 2;
  row.named = pitch >= 14;
  row.places = row.cells.map((slot, i) => {
    const cy = cellTop + i * pitch, sy = stringTop + i * gap;
    return { slot, x: ringX, y: cy, sx: x, sy, room: Math.max(2, Math.min(9, gap * 0.7 || 9)), path: samples(ringX + 6, cy, x, sy) };
  });
}

function denseRow(row, x, y, h) {
  const n = row.cells.length, lines = Math.max(1, Math.floor((h - 2) / 4)), columns = Math.ceil(n / lines);
  const used = Math.ceil(n / Math.max(1, columns)), pitch = Math.min(6, (h - 4) / Math.max(1, used));
  row.places = row.cells.map((slot, i) => {
    const c = i % columns, r = Math.floor(i / columns), cy = y + h / 2 + (r - (used - 1) / 2) * pitch, cx = x + 2 + c * Math.min(6, 12 / columns);
    return { slot, x: cx, y: cy, sx: x + 26, sy: cy, room: 0, path: samples(cx + 2, cy, x + 26, cy) };
  });
}

/** The whole of Flow for a pane of `W` × `H`. */
export function layout(W, H, measureName) {
  const rows = flowRows(), phone = W < 640 && H >= 420, pad = 16, n = Math.max(1, rows.length);
  const L = { W, H, phone, rows, tier: "full", columns: 1, heads: [], edges: {} };
  const boxed = model.minds.length + model.organs.length, lower = phone ? (boxed > 3 ? 222 : 176) : 0, top = phone ? 44 : 72, height = H - top - (phone ? 12 : 18) - lower;
  const pitch = height / n;
  L.tier = pitch >= 58 ? "full" : "dense";
  const dense = L.tier === "dense";
  const side = phone ? 0 : Math.round(dense ? Math.max(W < 640 ? 150 : 200, Math.min(380, W * 0.245)) : Math.max(W < 640 ? 190 : 290, Math.min(520, W * 0.345)));
  const lensX = phone ? W / 2 : W - pad - side - 42;
  const nameW = dense ? 52 : Math.max(40, Math.min(phone ? 60 : 120, measureName(rows)));
  const ringX = pad + nameW + 8 + 34 + 12;

  if (!dense) {
    const right = phone ? W - pad - 14 : lensX - 70, space = right - ringX, w = Math.min(phone ? space - 25 : 380, Math.max(space - 96, Math.min(230, space - 40))), x = right - w;
    const tall = Math.min(phone ? 128 : 104, pitch - 13), gap = Math.min(13 + (pitch - 13 - tall) * 0.4, 26);
    const used = n * (tall + gap) - gap, y0 = top + Math.max(0, (height - used) / 2);
    rows.forEach((row, i) => {
      const y = y0 + i * (tall + gap);
      Object.assign(row, { x, y, w, h: tall });
      fullRow(row, x, y, w, tall, ringX);
    });
    if (!phone) L.heads.push({ text: "cells", x: ringX + 6, y: 50, align: "right" }, { text: "gates", x: x + 12, y: 50 });
    L.gutter = phone ? W - pad : 0;
  } else {
    const room = (phone ? W - pad - 12 : lensX - 40) - pad;
    let columns = 1;
    while (columns < 12 && (height / Math.ceil(n / columns) < 26 || room / columns - 38 > 280) && room / (columns + 1) - 38 >= (phone ? 68 : 84)) columns++;
    const lines = Math.ceil(n / columns), step = Math.min(40, height / lines), width = room / columns, h = Math.max(14, step - 5);
    rows.forEach((row, i) => {
      const c = Math.floor(i / lines), r = i % lines, x = pad + c * width, y = top + r * step;
      Object.assign(row, { x: x + 26, y, w: width - 38, h, column: c });
      denseRow(row, x, y, h);
    });
    L.columns = columns;
    if (!phone) L.heads.push({ text: heading(rows), x: pad, y: 50 });
  }

  const bottom = Math.max(top + 120, Math.min(H - 18, ...[H - 18]));
  if (phone) {
    L.lens = { x: W / 2, y: H - lower + 26, r: Math.min(140, (W - 70) / 2), flat: true };
    const all = [...model.minds.map((_, i) => ["mind", i]), ...model.organs.map((_, i) => ["organ", i])];
    // Three a row, two rows; still more of them share the rows.
    const a = all.length > 6 ? Math.ceil(all.length / 2) : Math.min(3, Math.max(1, all.length)), w = (W - 2 * pad - 9 * (a - 1)) / a;
    L.minds = [];
    L.organs = [];
    all.forEach(([kind, i], k) => { (kind === "mind" ? L.minds : L.organs)[i] = { x: pad + (k % a) * (w + 9), y: H - lower + 78 + Math.floor(k / a) * 62, w: Math.min(w, 170), h: all.length > 3 ? 50 : 56 }; });
  } else {
    const low = Math.min(bottom - 34, dense ? H - 52 : Math.max(...rows.map((r) => r.y + r.h), top + 180) - 30);
    const first = rows.length && !dense ? Math.min(...rows.map((r) => r.y)) : top;
    L.lens = { x: lensX, y: (first + low) / 2, r: (low - first) / 2, flat: false };
    const mx = lensX + 42 + (dense ? 8 : 6), mw = Math.round(side * 0.5), ox = W - pad - Math.round(side * 0.4) + (dense ? 2 : 6), ow = W - pad - ox;
    L.minds = boxes(model.minds.length, mx, mw, first - 2, low - first + 4, 68);
    L.organs = boxes(model.organs.length, ox, ow, first - 2, low - first + 4, 52);
    L.heads.push({ text: "thalamus", x: lensX, y: 50, align: "center" });
    if (model.minds.length) L.heads.push({ text: "minds", x: mx, y: 50 });
    if (model.organs.length) L.heads.push(dense && ow < 100 ? { text: "organs · motors", x: W - pad, y: 50, align: "right" } : { text: "organs · motors", x: ox, y: 50 });
  }
  paths(L);
  return L;
}

function heading(rows) {
  const cells = rows.reduce((sum, r) => sum + r.cells.length, 0);
  if (rows.some((r) => r.fold != null)) return `${cells} cells in ${model.gates.length} gates, folded by region`;
  return `${cells} cells in ${rows.filter((r) => r.gate).length} gates`;
}

function paths(L) {
  const { lens } = L;
  L.byGate = new Map();
  L.byCell = new Map();
  for (const row of L.rows) {
    for (const gate of row.gates) L.byGate.set(gate.slot, row);
    for (const place of row.places) { place.row = row; L.byCell.set(place.slot, place); }
    if (!row.gates.length) continue;
    const x = row.x + row.w, y = row.y + row.h / 2;
    if (lens.flat) {
      const out = L.tier === "full" ? L.W - 12 : Math.min(L.W - 8, x + 8), end = lens.x + lens.r * (0.35 + (0.6 * row.x) / L.W);
      row.path = along([[x, y], [out, y], [out, lens.y - 16], [end, lens.y - Math.max(0, 8 * (1 - ((end - lens.x) / lens.r) ** 2))]]);
    } else {
      const share = (y - lens.y) / Math.max(1, lens.r), ly = lens.y + Math.max(-0.8, Math.min(0.8, share * 0.86)) * lens.r;
      const lx = lens.x - lensWidth(lens, ly);
      if (L.tier === "full") row.path = samples(x + 2, y, lx, ly);
      else {
        const gutter = row.y + row.h + 2.5, last = row.column === L.columns - 1;
        row.path = last ? along([[x + 2, y], [x + 10, y], [x + 14, gutter], [lx - 16, gutter], [lx, ly]]) : along([[x + 2, y], [x + 6, y], [x + 9, gutter], [lens.x - 34, gutter], [lx, ly]]);
      }
    }
  }
  const mid = (b, sx, sy) => [b.x + b.w * sx, b.y + b.h * sy];
  const start = lens.flat ? [lens.x, lens.y + 8] : [lens.x + lensWidth(lens, lens.y), lens.y];
  L.toMind = L.minds.map((box, i) => {
    if (lens.flat) return vertical(start, mid(box, 0.5, 0));
    if (i === 0) return samples(...start, ...mid(box, 0, 0.5));
    const first = L.minds[0];
    return along([[first.x + 18, first.y + first.h], [first.x + 18, box.y]]);
  });
  L.toOrgan = L.organs.map((box) => {
    const from = L.minds[0];
    if (!from) return samples(...start, ...mid(box, 0, 0.5));
    if (lens.flat) return along([[...mid(from, 0.5, 1)], [from.x + from.w / 2, box.y + box.h + 14], [box.x + box.w / 2, box.y + box.h + 14], [...mid(box, 0.5, 1)]]);
    return samples(...mid(from, 1, 0.5), ...mid(box, 0, 0.5));
  });
}

function vertical([x0, y0], [x1, y1]) {
  const t = samples(y0, x0, y1, x1), out = new Float32Array(34);
  for (let i = 0; i < 34; i += 2) { out[i] = t[i + 1]; out[i + 1] = t[i]; }
  return out;
}

/** Half the width of the lens at a height. */
export function lensWidth(lens, y) {
  const s = (y - lens.y) / lens.r;
  return Math.max(0, (1 - s * s) * 13);
}

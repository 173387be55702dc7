// Flow: cells → gates → thalamus → minds → organs. One canvas for what stands, redrawn at 5 Hz, one for what moves.
import { model, hooks, gateAt, cellAt } from "./model.js";
import { moment, known } from "./view.js";
import { ink, fit, begin, font, fitText, plain, textWidth, write } from "./draw.js";
import { layout, lensWidth } from "./layout.js";
import { drawChamber, drawRail, drawFill } from "./chamber.js";
import { pulse, drawPulses, clearPulses, pulsesAlive, colourOf, DURATION } from "./pulses.js";
import { ladder, motion, redraw } from "./loop.js";
import { duration } from "./time.js";

export const flow = { L: null, focus: null };
let stage, still, moving, dirty = true, drawnAt = 0, ring = 0, width = 0, height = 0, gap = 125, onLayout = () => {};
const swings = [];

export function startFlow(element, laidOut) {
  stage = element;
  [still, moving] = stage.querySelectorAll("canvas");
  onLayout = laidOut;
  new ResizeObserver(() => { relayout(); redraw(); }).observe(stage);
  hooks.wave = arrived;
}

export function relayout() {
  width = stage.clientWidth;
  height = stage.clientHeight;
  if (!width || !model.ready) return;
  fit(still, width, height);
  fit(moving, width, height);
  const ctx = begin(still);
  ctx.font = font(13);
  clearPulses();
  flow.L = layout(width, height, (rows) => rows.reduce((w, r) => r.cells.reduce((v, c) => Math.max(v, textWidth(ctx, model.cells[c].n)), w), 0));
  dirty = true;
  onLayout(flow.L);
}
export const dirtyFlow = () => { dirty = true; };

const edgeAt = [];
function arrived(slot, v, t) {
  const place = flow.L?.byCell.get(slot);
  if (!place || document.hidden || moment() != null || model.frozen != null) return;
  const now = performance.now(), at = now + Math.max(-100, Math.min(150, t - known() + 100));
  if (at < (edgeAt[slot] ?? 0) + gap) return;
  edgeAt[slot] = at;
  const strength = Math.abs(v), cell = model.cells[slot];
  pulse(place.path, at, DURATION.wave, v < 0 ? 1 : colourOf(cell.domain), strength, (then) => {
    swings[slot] = { at: then ?? at, a: strength };
  });
}

/** Pulses of what the thalamus, minds and organs do. */
export function flowFrame(m, gate) {
  if (m.k !== "potential") dirty = true;
  if (!flow.L || document.hidden || moment() != null) return;
  const now = performance.now(), row = gate == null ? null : flow.L.byGate.get(gate);
  if (m.k === "collapse" && row) {
    for (let i = 0; i < 3; i++) pulse(row.path, now + i * 110, DURATION.opening, 0, 0.9 - i * 0.25, i ? null : (t) => { ring = t ?? now; });
  } else if (m.k === "request") pulse(flow.L.toMind[0], now + 620, DURATION.mind, 2, 0.8);
  else if (m.k === "response") {
    const ask = model.asks.findLast((a) => a.id === m.id), mind = ask?.answer?.m ?? 0;
    if (mind > 0) pulse(flow.L.toMind[mind], now, DURATION.mind, 2, 0.8, null, true);
  } else if (m.k === "command") {
    const deed = model.deeds.at(-1);
    if (deed) for (let i = 0; i < 2; i++) pulse(flow.L.toOrgan[deed.o], now + i * 140, DURATION.organ, 3, 0.9);
  } else if (m.k === "result") {
    const deed = model.deeds.findLast((d) => d.end?.t === m.t);
    if (deed) pulse(flow.L.toOrgan[deed.o], now, DURATION.organ, m.ok ? 3 : 1, 0.5, null, true);
  }
}

/** The state of a row at the shown moment; a fold takes that of its strongest gate. */
function rowState(row, when) {
  if (row.gate) return gateAt(row.gate, when);
  let best = { state: "STABLE", x: 0 };
  for (const gate of row.gates) {
    const s = gateAt(gate, when), rank = (o) => (o.state === "OPEN" ? 4 : o.state === "CLOSED" ? 2 : 0) + Math.abs(o.x);
    if (rank(s) > rank(best)) best = s;
  }
  return best;
}

function path(ctx, p) {
  ctx.moveTo(p[0], p[1]);
  for (let i = 2; i < 34; i += 2) ctx.lineTo(p[i], p[i + 1]);
}

function drawEdges(ctx, L, when, now) {
  const dense = L.tier === "dense", buckets = new Map();
  for (const row of L.rows) {
    for (const place of row.places) {
      const cell = model.cells[place.slot], v = cellAt(cell, when) ?? 0, fresh = when != null || now - cell.at < 4000;
      const hz = when != null ? 2 : cell.hz * Math.exp(-(Math.max(0, now - cell.at)) / 1000);
      const step = !fresh ? 0 : Math.abs(v) < 0.3 ? 1 : Math.abs(v) < 0.6 ? 2 : 3, wide = hz > 12 ? 1 : 0;
      const key = `${cell.virtual ? 1 : 0}${v < 0 && dense ? "closed" : cell.domain}|${step}${wide}`;
      if (!buckets.has(key)) buckets.set(key, []);
      buckets.get(key).push(place);
    }
  }
  for (const [key, places] of buckets) {
    const step = Number(key.at(-2));
    ctx.strokeStyle = ink[key.slice(1).split("|")[0]];
    ctx.globalAlpha = (dense ? [0.2, 0.3, 0.45, 0.65] : [0.22, 0.32, 0.48, 0.7])[step];
    ctx.lineWidth = key.endsWith("1") ? 1.6 : 1;
    ctx.setLineDash(key[0] === "1" ? [1.5, 3] : []);
    ctx.beginPath();
    for (const place of places) if (place.row.gates.length) path(ctx, place.path);
    ctx.stroke();
    if (dense) {
      ctx.globalAlpha = [0.35, 0.5, 0.75, 1][step];
      ctx.fillStyle = ctx.strokeStyle;
      ctx.beginPath();
      for (const p of places) ctx.rect(p.x - 1.5, p.y - 1.5, 3, 3);
      ctx.fill();
    }
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function drawCells(ctx, L, when) {
  for (const row of L.rows) {
    if (!row.named && row.places.length) {
      const first = row.places[0], last = row.places.at(-1);
      write(ctx, `${row.places.length} cells`, first.x - 14, (first.y + last.y) / 2, ink.muted, 11, 400, "right");
    }
    for (const place of row.places) {
      const cell = model.cells[place.slot], v = cellAt(cell, when), colour = ink[cell.domain];
      if (row.named) {
        write(ctx, plain(v), place.x - 12, place.y, ink.muted, 12, 400, "right");
        ctx.font = font(13);
        write(ctx, fitText(ctx, cell.n, place.x - 64), place.x - 54, place.y, ink.text, 13, 400, "right");
      }
      ctx.strokeStyle = ctx.fillStyle = colour;
      ctx.lineWidth = 1.5;
      ctx.setLineDash(cell.virtual ? [2, 2.4] : []);
      ctx.beginPath(); ctx.arc(place.x, place.y, 5, 0, 7); ctx.fillStyle = ink.pane; ctx.fill(); ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = v < 0 ? ink.closed : colour;
      ctx.beginPath();
      if (v < 0) ctx.rect(place.x - 3, place.y - 1, 6, 2); else if (v != null && !cell.virtual) ctx.arc(place.x, place.y, 2.2, 0, 7);
      ctx.fill();
    }
  }
}

function drawLens(ctx, L) {
  const { lens } = L;
  ctx.save();
  ctx.translate(lens.x, lens.y);
  if (lens.flat) ctx.rotate(Math.PI / 2);
  ctx.beginPath();
  for (let i = -20; i <= 20; i++) { const y = (i / 20) * lens.r, x = lensWidth({ y: 0, r: lens.r }, y); i === -20 ? ctx.moveTo(x, y) : ctx.lineTo(x, y); }
  for (let i = 20; i >= -20; i--) { const y = (i / 20) * lens.r; ctx.lineTo(-lensWidth({ y: 0, r: lens.r }, y), y); }
  ctx.closePath();
  ctx.globalAlpha = 0.13; ctx.fillStyle = ink.nervous; ctx.fill();
  ctx.globalAlpha = 0.9; ctx.strokeStyle = ink.nervous; ctx.lineWidth = 1.2; ctx.stroke();
  ctx.restore();
  ctx.globalAlpha = 1;
  const word = model.collapses === 1 ? "collapse" : "collapses";
  if (lens.flat) write(ctx, `thalamus · ${model.collapses} ${word}`, 16, lens.y - 24, ink.muted);
  else {
    write(ctx, word, lens.x, lens.y + lens.r + 30, ink.muted, 11, 400, "center");
    write(ctx, String(model.collapses), lens.x, lens.y + lens.r + 14, ink.text, 13, 600, "center");
  }
}

function box(ctx, b, colour, title, lines, small) {
  ctx.fillStyle = ink.raised;
  ctx.beginPath(); ctx.roundRect(b.x, b.y, b.w, b.h, 5); ctx.fill();
  ctx.fillStyle = colour;
  ctx.beginPath(); ctx.roundRect(b.x, b.y, 3, b.h, 2); ctx.fill();
  const room = b.w - 22, rows = lines.slice(0, b.h >= 58 ? 2 : b.h >= 36 ? 1 : 0), top = b.y + b.h / 2 - rows.length * 8;
  ctx.font = font(small ? 12 : 13, 600);
  write(ctx, fitText(ctx, title, room), b.x + 12, top, ink.text, small ? 12 : 13, 600);
  ctx.font = font(11);
  rows.forEach((line, i) => write(ctx, fitText(ctx, line, room), b.x + 12, top + 18 + i * 16, ink.muted));
}

function drawMinds(ctx, L) {
  ctx.lineWidth = 1.2;
  ctx.strokeStyle = ink.cognitive; ctx.globalAlpha = 0.75; ctx.setLineDash([4, 3]);
  ctx.beginPath(); for (const p of L.toMind) path(ctx, p); ctx.stroke();
  ctx.setLineDash([]);
  ctx.strokeStyle = ink.organs; ctx.globalAlpha = 0.6;
  ctx.beginPath(); for (const p of L.toOrgan) path(ctx, p); ctx.stroke();
  ctx.globalAlpha = 1;
  model.minds.forEach((mind, i) => box(ctx, L.minds[i], ink.cognitive, mind.n, [mind.text || "no question yet", mind.took != null ? `took ${duration(mind.took)}` : ""], L.phone));
  model.organs.forEach((organ, i) => box(ctx, L.organs[i], organ.failed ? ink.closed : ink.organs, organ.n, [organ.text || "no command yet"], L.phone));
}

function drawStill() {
  const L = flow.L, ctx = begin(still), when = moment(), now = known(), dense = L.tier === "dense";
  if (!model.gates.length && !model.cells.length) { ghost(ctx, L); return; }
  for (const head of L.heads) write(ctx, head.text, head.x, head.y, ink.muted, 11, 400, head.align);
  const states = L.rows.map((row) => rowState(row, when));
  for (const strong of [false, true]) {
    L.rows.forEach((row, i) => {
      const open = states[i].state === "OPEN";
      if (open !== strong || !row.path || (dense && !open)) return;
      ctx.strokeStyle = open ? ink.nervous : ink.faint;
      ctx.globalAlpha = open ? 1 : 0.55;
      ctx.lineWidth = open ? (dense ? 1.4 : 1.8) : 1;
      ctx.beginPath(); path(ctx, row.path); ctx.stroke();
    });
  }
  ctx.globalAlpha = 1;
  drawEdges(ctx, L, when, now);
  if (!dense) drawCells(ctx, L, when);
  L.rows.forEach((row, i) => {
    if (!row.gates.length) return;
    drawChamber(ctx, row, states[i], dense);
    drawRail(ctx, row, row.gate ?? row.gates[0], dense);
  });
  drawLens(ctx, L);
  drawMinds(ctx, L);
}

/** The layers as a dotted ghost: nothing is known yet. */
function ghost(ctx, L) {
  ctx.strokeStyle = ink.faint; ctx.setLineDash([2, 3]); ctx.lineWidth = 1;
  const y = L.H * 0.4, s = L.W / 900;
  ctx.beginPath();
  for (let i = -1; i <= 1; i++) { const x = 140 * s; ctx.moveTo(x + 4, y + i * 16); ctx.arc(x, y + i * 16, 4, 0, 7); ctx.moveTo(x + 8, y + i * 16); ctx.lineTo(230 * s, y + i * 8); }
  ctx.roundRect(230 * s, y - 26, 200 * s, 52, 7);
  if (!L.lens.flat) { ctx.moveTo(L.lens.x, y - 60); ctx.quadraticCurveTo(L.lens.x + 24, y, L.lens.x, y + 60); ctx.quadraticCurveTo(L.lens.x - 24, y, L.lens.x, y - 60); }
  ctx.roundRect(590 * s, y - 26, 120 * s, 52, 5);
  ctx.roundRect(760 * s, y - 18, 90 * s, 36, 5);
  ctx.stroke();
  ctx.setLineDash([]);
  [["cells", 140], ["gates", 330], ["thalamus", L.lens.x / s], ["minds", 650], ["organs", 805]].forEach(([text, x]) => write(ctx, text, x * s, y - 84, ink.muted, 11, 400, "center"));
}

function drawStrings(ctx, L, when, now, at) {
  for (const row of L.rows) {
    if (!row.gates.length) continue;
    const x0 = row.x + 12, x1 = row.x + row.w - 12, gate = row.gate;
    for (const place of row.places) {
      const cell = model.cells[place.slot], v = cellAt(cell, when), fresh = when != null ? v != null : now - cell.at <= gate.window;
      const swing = when == null ? swings[place.slot] : null, u = swing ? (at - swing.at) / 700 : 1;
      let a = u >= 0 && u < 1 && !ladder.still ? swing.a * place.room * (1 - u) ** 1.5 : 0;
      const shape = motion.reduced ? Math.abs(v ?? 0) * place.room : a * Math.cos(u * 26);
      ctx.strokeStyle = v < 0 ? ink.closed : ink[cell.domain];
      ctx.globalAlpha = fresh ? 0.95 : 0.3;
      ctx.lineWidth = 1.5;
      ctx.setLineDash(cell.virtual ? [1.5, 3] : []);
      ctx.beginPath();
      ctx.moveTo(x0, place.sy);
      if (Math.abs(shape) < 0.15) ctx.lineTo(x1, place.sy);
      else for (let i = 1; i <= 24; i++) ctx.lineTo(x0 + ((x1 - x0) * i) / 24, place.sy + shape * 0.5 * Math.sin((i / 24) * Math.PI * 3));
      ctx.stroke();
    }
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function drawMoving(at) {
  const L = flow.L, ctx = begin(moving), when = moment(), now = known(), dense = L.tier === "dense";
  for (const row of L.rows) {
    if (!row.gates.length) continue;
    const s = rowState(row, when);
    drawFill(ctx, row, s.x, s.state, dense);
  }
  if (!dense) drawStrings(ctx, L, when, now, at);
  const u = (at - ring) / 900;
  if (u >= 0 && u < 1 && when == null && !motion.reduced) {
    ctx.strokeStyle = ink.nervous; ctx.globalAlpha = 1 - u; ctx.lineWidth = 2;
    ctx.beginPath(); ctx.arc(L.lens.x + (L.lens.flat ? 0 : 13), L.lens.y + (L.lens.flat ? 8 : 0), 4 + 22 * u, 0, 7); ctx.stroke();
    ctx.globalAlpha = 1;
  }
  if (when == null) {
    // Over 600 alive each frame lets an edge wait longer; below, the gap returns to 8 a second.
    const alive = pulsesAlive();
    gap = alive > ladder.budget ? Math.min(4000, gap * 1.08) : Math.max(125, gap * 0.97);
    drawPulses(ctx, at, dense || ladder.squares);
  }
}

export function drawFlow(at) {
  if (!width || !flow.L) return;
  const every = motion.reduced ? 500 : ladder.level >= 1 ? 250 : 200;
  if (dirty && at - drawnAt >= 60 || at - drawnAt >= every) { drawStill(); dirty = false; drawnAt = at; }
  drawMoving(at);
}
/** Draws everything at once, for a cursor that moves or a pause. */
export function drawFlowNow(at) { if (width && flow.L) { drawStill(); dirty = false; drawnAt = at; drawMoving(at); } }

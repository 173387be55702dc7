// The ground of the scope: grid, bands of open and closed gates, labels, the lane of the minds, the axis.
import { model, cellAt } from "./model.js";
import { view, known as knownNow, following } from "./view.js";
import { ink, font, fitText, textWidth, sign, diamond, stateInk, write } from "./draw.js";
import { ticks, tickLabel, length, duration } from "./time.js";

/** Spans of a gate that is not stable, within a window: `[{state, a, b, id, live}]`. */
export function bands(gate, start, end, known) {
  const out = [];
  let open = null;
  for (const change of gate.history) {
    if (open?.state === change.state) continue;
    if (open) out.push({ ...open, b: change.t });
    open = change.state === "STABLE" ? null : { state: change.state, a: change.t, id: change.id };
  }
  if (open) out.push({ ...open, b: known, live: true });
  else if (!gate.history.length && gate.state !== "STABLE") out.push({ state: gate.state, a: -Infinity, b: known, live: true });
  return out.filter((b) => b.b >= start && b.a <= end);
}

export function drawGround(ctx, G, start, colMs, end) {
  const X = (t) => G.x + Math.max(0, Math.min(G.w, (t - start) / colMs)), span = end - start, known = Math.min(knownNow(), end + span);
  const axis = ticks(start, span, G.w, G.phone ? 84 : 118);
  ctx.fillStyle = ink.line;
  for (const t of axis.times) ctx.fillRect(Math.round(X(t)), G.top, 1, G.bottom - G.top);
  ctx.strokeStyle = ink.line;
  ctx.lineWidth = 1;
  if (G.tall) for (const lane of G.lanes) ctx.fillRect(G.x, Math.round(lane.y + lane.h - 1), G.w, 1);
  ctx.fillRect(G.x, Math.round(G.bottom), G.w, 1);
  G.spots = [];
  for (const lane of G.lanes) {
    if (lane.gate) drawBands(ctx, G, lane, bands(lane.gate, start, end, known), X);
    labels(ctx, G, lane);
  }
  if (G.minds.h) mindsLane(ctx, G, start, end, known, X);
  ctx.font = font(11);
  const nowText = model.frozen != null ? "no signal" : following() ? "now" : "", keep = nowText ? textWidth(ctx, nowText) + 44 : 30;
  for (const t of axis.times) { const x = X(t); if (x > G.x + 4 && x < G.x + G.w - (nowText ? keep : 10)) write(ctx, tickLabel(t, axis.step), x, G.axis, ink.muted, 11, 400, "center"); }
  if (nowText) write(ctx, nowText, G.x + G.w, G.axis, ink.text, 11, 600, "right");
  if (model.frozen != null) noSignal(ctx, G, X(model.frozen), X(end));
  if (G.all.length > G.lanes.length) {
    const h = G.minds.y - G.top, size = Math.max(20, (h * G.lanes.length) / G.all.length), y = G.top + ((h - size) * G.first) / Math.max(1, G.all.length - G.fits);
    ctx.fillStyle = ink.faint;
    ctx.beginPath(); ctx.roundRect(G.W - 9, y, 3, size, 1.5); ctx.fill();
  }
}

function drawBands(ctx, G, lane, list, X) {
  for (const band of list) {
    const a = X(band.a), b = Math.max(a + 1.5, X(band.b)), colour = stateInk(band.state), y = lane.y + (G.tall ? 3 : 0), h = lane.h - (G.tall ? 4 : 1);
    ctx.fillStyle = colour;
    ctx.globalAlpha = G.tall ? (ink.light ? 0.12 : 0.13) : 0.1;
    ctx.fillRect(a, y, b - a, h);
    ctx.globalAlpha = 1;
    ctx.fillRect(a, G.tall ? y : lane.y + lane.h - 2.5, b - a, 2);
    if (!G.tall) continue;
    ctx.font = font(11, 600);
    const text = band.state === "CLOSED" ? "CLOSED" : band.a === -Infinity ? "OPEN" : `OPEN ${duration(band.b - band.a)}`, x = Math.max(a, G.x) + 8;
    if (x + textWidth(ctx, text) > b - 4) continue;
    write(ctx, text, x, band.state === "CLOSED" ? y + 11 : lane.y + lane.h - 10, colour, 11, 600);
  }
}

function labels(ctx, G, lane) {
  const when = view.cursor, y = lane.y + lane.h / 2, live = when == null ? view.end ?? (view.paused ? view.pausedAt : null) : when;
  if (G.tall) {
    const n = lane.cells.length;
    ctx.font = font(13, 600);
    write(ctx, fitText(ctx, lane.name, G.x - (G.phone ? 20 : 24)), 16, G.phone ? y : y - 5, ink.text, 13, 600);
    if (!G.phone) write(ctx, lane.gate ? `${n} witness${n === 1 ? "" : "es"}` : "no gate", 16, y + 12, ink.muted);
  } else {
    const state = lane.gate?.state ?? "STABLE", lit = state !== "STABLE" && live == null;
    ctx.font = font(11, lit ? 600 : 400);
    write(ctx, fitText(ctx, lane.name, G.x - 24), 16, y, lit ? ink.text : ink.muted, 11, lit ? 600 : 400);
    if (lit) { ctx.fillStyle = stateInk(state); sign(ctx, state, G.x + G.w + 14, y, 6); }
  }
  let best = null;
  for (const slot of lane.cells) { const v = cellAt(model.cells[slot], live); if (v != null && (best == null || Math.abs(v) > best)) best = Math.abs(v); }
  write(ctx, best == null ? "–" : best.toFixed(2), G.W - 16, y, G.tall ? ink.text : ink.muted, G.tall ? 13 : 11, G.tall ? 600 : 400, "right");
}

/** The collapses' signs, above the traces. */
export function drawCollapses(ctx, G, start, colMs, end) {
  for (const lane of G.lanes) lane.marked = null;
  for (const o of model.openings) if (o.t >= start && o.t <= end) collapse(ctx, G, o, G.x + (o.t - start) / colMs);
}

function collapse(ctx, G, opening, x) {
  const lane = G.lanes.find((l) => l.gate?.slot === opening.g);
  if (!lane) return;
  const r = G.tall ? 5.5 : 3.2, cx = Math.max(G.x + r, G.tall ? Math.min(x + 9, G.x + G.w - 8) : x), y = G.tall ? lane.y + 12 : lane.y + lane.h / 2;
  G.spots.push({ kind: "opening", id: opening.id, t: opening.t, x: cx, y, item: opening });
  if (cx - (lane.marked ?? -99) < r * 2.2) return;
  lane.marked = cx;
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = ink.text;
  ctx.beginPath(); ctx.arc(cx, y, r, 0, 7); ctx.fillStyle = ink.pane; ctx.fill(); ctx.stroke();
  if (G.tall) { ctx.fillStyle = ink.text; ctx.beginPath(); ctx.arc(cx, y, 2, 0, 7); ctx.fill(); }
}

function mindsLane(ctx, G, start, end, known, X) {
  const { y, h } = G.minds, rowA = y + h * (G.tall ? 0.3 : 0.24), rowB = y + h * (G.tall ? 0.64 : 0.74);
  write(ctx, "minds", 16, y + h / 2, ink.cognitive, 13, 600);
  const r = G.tall ? 5 : 3.6, taken = [-Infinity, -Infinity];
  const asks = model.asks.filter((a) => (a.answer?.t ?? known) >= start && a.t <= end);
  const deeds = model.deeds.filter((d) => (d.end?.t ?? known) >= start && d.t <= end);
  const level = (a, i) => rowA + (G.tall ? 0 : (i % 2) * 6 - 2);
  ctx.strokeStyle = ink.cognitive; ctx.lineWidth = 1.4; ctx.setLineDash([3.5, 2.5]);
  ctx.beginPath();
  asks.forEach((a, i) => { const b = X(a.answer?.t ?? Math.min(known, a.until ?? known)); ctx.moveTo(b, level(a, i)); ctx.lineTo(Math.max(G.x, X(a.t)), level(a, i)); });
  ctx.stroke(); ctx.setLineDash([]);
  ctx.fillStyle = ink.cognitive;
  ctx.beginPath(); asks.forEach((a, i) => { if (a.t >= start) diamond(ctx, X(a.t), level(a, i), r - 0.8); }); ctx.fill();
  ctx.fillStyle = ink.pane;
  ctx.beginPath(); asks.forEach((a, i) => { if (a.answer && a.answer.t <= end) diamond(ctx, X(a.answer.t), level(a, i), r - 0.4); }); ctx.fill(); ctx.stroke();
  ctx.strokeStyle = ink.organs; ctx.fillStyle = ink.organs; ctx.lineWidth = 1.6;
  ctx.beginPath();
  for (const d of deeds) {
    const a = Math.max(G.x, X(d.t)), b = X(d.end?.t ?? known);
    ctx.moveTo(a, rowB); ctx.lineTo(b, rowB);
    if (d.end) { ctx.moveTo(b, rowB - 4); ctx.lineTo(b, rowB + 4); }
  }
  ctx.stroke();
  ctx.beginPath(); for (const d of deeds) if (d.t >= start) ctx.rect(X(d.t) - 3.2, rowB - 3.2, 6.4, 6.4); ctx.fill();
  const opening = (c, g, t) => model.openings.findLast((o) => (c ? o.c === c : o.g === g && o.t <= t));
  for (const a of asks) { const o = opening(a.c, a.g, a.t), x = X(a.t); if (a.t >= start) G.spots.push({ kind: "ask", id: o?.id ?? a.id, t: a.t, x, y: rowA, item: a }); if (a.answer && a.answer.t <= end) G.spots.push({ kind: "answer", id: o?.id ?? a.id, t: a.answer.t, x: X(a.answer.t), y: rowA, item: a }); }
  for (const d of deeds) { const o = opening(null, d.g, d.t); if (o && d.t >= start) G.spots.push({ kind: "command", id: o.id, t: d.t, x: X(d.t), y: rowB, item: d }); }
  if (!G.tall || G.phone) return;
  ctx.font = font(11);
  const name = (line, text, left, right, ly) => {
    // After its sign where there is room, else before it; left out where labels would meet.
    const width = textWidth(ctx, text);
    let x = right + 10;
    if (x + width > G.x + G.w) x = left - 10 - width;
    if (x < Math.max(G.x, taken[line]) || x + width > G.x + G.w) return;
    write(ctx, text, x, ly, ink.muted);
    taken[line] = x + width + 12;
  };
  const after = (list, i, line) => {
    // Signs are taken as well, so that a label that goes before its own sign meets no other.
    const last = list[i - 1];
    if (last) taken[line] = Math.max(taken[line], X(last.answer?.t ?? last.end?.t ?? last.t) + 14);
  };
  asks.forEach((a, i) => { after(asks, i, 0); if (a.answer) { const t = fitText(ctx, a.answer.text, 190), next = asks[i + 1]; if (!next || X(next.t) > X(a.answer.t) + 20 + textWidth(ctx, t)) name(0, t, X(a.t), X(a.answer.t), rowA); } });
  deeds.forEach((d, i) => { after(deeds, i, 1); if (!deeds[i + 1] || X(deeds[i + 1].t) > X(d.end?.t ?? known) + 20 + textWidth(ctx, d.text)) name(1, fitText(ctx, d.text, 120), X(d.t), X(d.end?.t ?? known), rowB); });
}

function noSignal(ctx, G, a, b) {
  if (b - a < 1) return;
  ctx.save();
  ctx.beginPath(); ctx.rect(a, G.top, b - a, G.bottom - G.top); ctx.clip();
  ctx.strokeStyle = ink.faint; ctx.globalAlpha = 0.45; ctx.lineWidth = 1;
  ctx.beginPath();
  const h = G.bottom - G.top;
  for (let x = Math.floor((a - h) / 9) * 9; x < b; x += 9) { ctx.moveTo(x, G.bottom); ctx.lineTo(x + h, G.top); }
  ctx.stroke();
  ctx.restore();
}

/** The cursor's line, pill and value dots; the marker and the time to it. */
export function drawCursor(ctx, G, start, colMs, hover) {
  const X = (t) => G.x + (t - start) / colMs, line = (x, dash) => { ctx.setLineDash(dash); ctx.beginPath(); ctx.moveTo(x, G.top - 4); ctx.lineTo(x, G.axis - 8); ctx.stroke(); ctx.setLineDash([]); };
  ctx.lineWidth = 1.4;
  ctx.strokeStyle = ink.focus;
  if (view.marker != null) {
    const x = X(view.marker);
    if (x >= G.x && x <= G.x + G.w) {
      line(x, [4, 3]);
      ctx.fillStyle = ink.focus; ctx.beginPath(); ctx.moveTo(x - 5, G.top - 4); ctx.lineTo(x + 5, G.top - 4); ctx.lineTo(x, G.top + 3); ctx.fill();
    }
  }
  if (view.cursor == null) return;
  const x = X(view.cursor);
  line(x, []);
  if (G.tall) {
    ctx.fillStyle = ink.pane;
    ctx.beginPath();
    for (const lane of G.lanes) for (const slot of lane.cells) {
      const v = cellAt(model.cells[slot], view.cursor);
      if (v != null) { const y = lane.y + 7 + (1 - Math.abs(v)) * (lane.h - 12); ctx.moveTo(x + 3, y); ctx.arc(x, y, 3, 0, 7); }
    }
    ctx.fill(); ctx.stroke();
  }
  const far = view.marker != null ? `  Δ ${length(Math.abs(view.cursor - view.marker))}` : "", text = hover + far;
  ctx.font = font(11, 600);
  const w = ctx.measureText(text).width + 18, left = Math.max(G.x - 20, Math.min(G.x + G.w - w + 40, x - w / 2));
  ctx.fillStyle = ink.focus;
  ctx.beginPath(); ctx.roundRect(left, G.axis - 10, w, 20, 4); ctx.fill();
  write(ctx, text, left + w / 2, G.axis + 0.5, ink.onFocus, 11, 600, "center");
}

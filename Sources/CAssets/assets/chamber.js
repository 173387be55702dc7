// A gate as a resonance chamber: walls, door, rail with its thresholds, and what stands in it.
import { ink, stateInk, font, fitText, textWidth, sign, signed, write } from "./draw.js";

const R = 7;

function walls(ctx, row, state, dense) {
  const { x, y, w, h } = row, r = dense ? 4 : R, right = x + w;
  ctx.beginPath();
  if (state === "OPEN") {
    ctx.moveTo(right, y); ctx.lineTo(x + r, y); ctx.arcTo(x, y, x, y + r, r); ctx.lineTo(x, y + h - r); ctx.arcTo(x, y + h, x + r, y + h, r); ctx.lineTo(right, y + h);
  } else ctx.roundRect(x, y, w, h, r);
}

/** The walls and what does not move; `fold` rows show how many of their gates stand in which state. */
export function drawChamber(ctx, row, shown, dense) {
  const { state } = shown, colour = stateInk(state), { w, h } = row, right = row.x + w, mid = row.y + h / 2;
  walls(ctx, row, state, dense);
  ctx.fillStyle = ink.raised;
  ctx.fill();
  if (state !== "STABLE") { ctx.globalAlpha = ink.light ? 0.12 : 0.17; ctx.fillStyle = colour; ctx.fill(); ctx.globalAlpha = 1; }
  ctx.lineWidth = state === "STABLE" ? 1 : dense ? 1.4 : 1.8;
  ctx.strokeStyle = state === "STABLE" ? ink.faint : colour;
  ctx.stroke();
  if (state === "OPEN") {
    const out = dense ? 6 : 18, dip = dense ? 2.5 : 6;
    ctx.lineWidth = dense ? 1.8 : 2.5;
    ctx.beginPath();
    ctx.moveTo(right - 4, row.y); ctx.lineTo(right, row.y); ctx.lineTo(right + out * 0.55, row.y + dip);
    ctx.moveTo(right - 4, row.y + h); ctx.lineTo(right, row.y + h); ctx.lineTo(right + out * 0.55, row.y + h - dip);
    ctx.stroke();
  } else if (state === "CLOSED") {
    ctx.fillStyle = colour;
    ctx.beginPath();
    ctx.roundRect(right - (dense ? 3 : 4), row.y - 0.5, dense ? 3.5 : 5, h + 1, 2);
    ctx.fill();
  }
  dense ? denseText(ctx, row, state, mid) : fullText(ctx, row, state, (shown.bound ? (state === "OPEN" ? "≥ " : "≤ ") : "") + signed(shown.x));
}

function fullText(ctx, row, state, value) {
  const y = row.y + 15, colour = stateInk(state);
  let right = row.x + row.w - 12;
  write(ctx, value, right, y, state === "STABLE" ? ink.text : colour, 13, 600, "right");
  right -= Math.max(50, textWidth(ctx, value) + 12);
  write(ctx, state, right, y + 0.5, colour, 11, 600, "right");
  right -= textWidth(ctx, state) + 11;
  sign(ctx, state, right, y, 8);
  ctx.font = font(13, 600);
  write(ctx, fitText(ctx, row.gate.n, right - row.x - 24), row.x + 12, y, ink.text, 13, 600);
}

function denseText(ctx, row, state, mid) {
  const y = row.h >= 19 ? row.y + row.h * 0.38 : mid;
  const stable = state === "STABLE", name = row.fold != null ? `${row.fold} · ${row.gates.length}` : row.gate.n;
  ctx.font = font(11, stable ? 400 : 600);
  write(ctx, fitText(ctx, name, row.w - 23), row.x + 6, y, stable ? ink.muted : ink.text, 11, stable ? 400 : 600);
  ctx.fillStyle = stateInk(state);
  sign(ctx, state, row.x + row.w - 9, y, 6.5);
}

/** Geometry of the rail of a row. */
export function rail(row, dense) {
  const pad = dense ? 7 : 12, x = row.x + pad, w = row.w - 2 * pad;
  return { x, w, y: dense ? row.y + row.h - Math.max(4, row.h * 0.22) : row.y + row.h - 10, h: dense ? 2.5 : 4, at: (v) => x + ((Math.max(-1, Math.min(1, v)) + 1) / 2) * w };
}

/** The rail from −1 to 1: zones beyond the thresholds, their ticks, smaller ones for release. */
export function drawRail(ctx, row, gate, dense) {
  const r = rail(row, dense), open = r.at(gate.open), close = r.at(gate.close), top = r.y - r.h / 2;
  ctx.fillStyle = ink.line;
  ctx.fillRect(r.x, top, r.w, r.h);
  ctx.globalAlpha = ink.light ? 0.42 : 0.4;
  ctx.fillStyle = ink.closed;
  ctx.fillRect(r.x, top, close - r.x, r.h);
  ctx.fillStyle = ink.open;
  ctx.fillRect(open, top, r.x + r.w - open, r.h);
  ctx.globalAlpha = 1;
  const tick = dense ? 3 : 6;
  ctx.fillStyle = ink.muted;
  ctx.fillRect(open - 0.6, r.y - tick, 1.2, 2 * tick);
  ctx.fillRect(close - 0.6, r.y - tick, 1.2, 2 * tick);
  if (!dense) {
    ctx.fillStyle = ink.faint;
    for (const v of [gate.open, gate.close]) ctx.fillRect(r.at(v * gate.release) - 0.5, r.y - 3.5, 1, 7);
  }
}

/** The potential itself, filled from 0. */
export function drawFill(ctx, row, x, state, dense) {
  const r = rail(row, dense), zero = r.at(0), end = r.at(x), h = dense ? 2.5 : 4;
  if (Math.abs(end - zero) > 1) {
    ctx.fillStyle = state === "STABLE" ? ink.nervous : stateInk(state);
    ctx.fillRect(Math.min(zero, end), r.y - h / 2, Math.abs(end - zero), h);
  }
  ctx.fillStyle = state === "STABLE" ? ink.nervous : stateInk(state);
  const tick = dense ? 2.5 : 5;
  ctx.fillRect(end - 0.9, r.y - tick, 1.8, 2 * tick);
}

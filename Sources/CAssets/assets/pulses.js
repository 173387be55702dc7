// What runs along the edges: waves to gates, openings to the thalamus, questions to minds, commands to organs.
import { ink } from "./draw.js";
import { ladder, motion } from "./loop.js";

const MOST = 4000, COLOURS = ["nervous", "closed", "cognitive", "organs", "federation"];
const start = new Float64Array(MOST), time = new Float32Array(MOST), paths = new Array(MOST), group = new Uint8Array(MOST), back = new Uint8Array(MOST);
const arrivals = new Array(MOST);
let alive = 0;

const xs = Array.from({ length: COLOURS.length * 4 }, () => []), ys = xs.map(() => []);
const RADII = [1.6, 2.1, 2.6, 3.2], ALPHAS = [0.45, 0.65, 0.85, 1];

export const DURATION = { wave: 520, opening: 650, mind: 420, organ: 480 };
export const colourOf = (name) => Math.max(0, COLOURS.indexOf(name));
export const pulsesAlive = () => alive;
export function clearPulses() { alive = 0; }

/** Starts a pulse on a path; `arrive` runs when it is there. `strength` 0…1 sets its size. */
export function pulse(path, at, duration, colour, strength, arrive, reverse) {
  if (motion.reduced || !path || alive >= Math.min(MOST, ladder.budget * 4)) { arrive?.(); return; }
  const step = strength < 0.25 ? 0 : strength < 0.5 ? 1 : strength < 0.75 ? 2 : 3;
  start[alive] = at;
  time[alive] = duration;
  paths[alive] = path;
  group[alive] = colour * 4 + step;
  back[alive] = reverse ? 1 : 0;
  arrivals[alive] = arrive ?? null;
  alive++;
}

/** Moves and draws all pulses: one path a colour and brightness. */
export function drawPulses(ctx, now, squares) {
  for (const list of xs) list.length = 0;
  for (const list of ys) list.length = 0;
  for (let i = 0; i < alive; ) {
    const u = (now - start[i]) / time[i];
    if (u >= 1) {
      const arrive = arrivals[i];
      alive--;
      start[i] = start[alive]; time[i] = time[alive]; paths[i] = paths[alive]; group[i] = group[alive]; back[i] = back[alive]; arrivals[i] = arrivals[alive];
      paths[alive] = arrivals[alive] = null;
      arrive?.(now);
      continue;
    }
    if (u >= 0) {
      const at = (back[i] ? 1 - u : u) * 16, k = Math.min(15, at | 0), f = at - k, p = paths[i];
      xs[group[i]].push(p[2 * k] + (p[2 * k + 2] - p[2 * k]) * f);
      ys[group[i]].push(p[2 * k + 1] + (p[2 * k + 3] - p[2 * k + 1]) * f);
    }
    i++;
  }
  for (let g = 0; g < xs.length; g++) {
    const x = xs[g], y = ys[g];
    if (!x.length) continue;
    ctx.globalAlpha = ALPHAS[g & 3];
    ctx.fillStyle = ink[COLOURS[g >> 2]];
    ctx.beginPath();
    if (squares) {
      const r = RADII[g & 3] * 0.6;
      for (let i = 0; i < x.length; i++) ctx.rect(x[i] - r, y[i] - r, 2 * r, 2 * r);
    } else {
      const r = RADII[g & 3];
      for (let i = 0; i < x.length; i++) { ctx.moveTo(x[i] + r, y[i]); ctx.arc(x[i], y[i], r, 0, 7); }
    }
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

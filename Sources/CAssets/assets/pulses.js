// What runs along the edges of Flow.
import {ctx, ink, fill, blocks} from "./draw.js";
import {ladder, motion} from "./loop.js";

const COLOURS = ["nervous", "closed", "cognitive", "organs", "federation"], RADII = [1.6, 2.1, 2.6, 3.2], ALPHAS = [0.45, 0.65, 0.85, 1];
const pulses = [], groups = Array.from({length: COLOURS.length * 4}, () => []);

export const DURATION = {wave: 520, opening: 650, mind: 420, organ: 480};
export const colourOf = (name) => Math.max(0, COLOURS.indexOf(name));
export const pulsesAlive = () => pulses.length;
export const clearPulses = () => {pulses.length = 0};

export function pulse(path, at, duration, colour, strength, arrive, back) {
	if (motion.reduced || !path || pulses.length >= ladder.budget * 4) arrive?.();
	else pulses.push({path, at, duration, group: colour * 4 + Math.min(3, Math.floor(strength * 4)), arrive, back});
}
export function drawPulses(now, squares) {
	for (const list of groups) list.length = 0;
	for (let i = 0; i < pulses.length; ) {
		const p = pulses[i], u = (now - p.at) / p.duration;
		if (u >= 1) {
			const last = pulses.pop();
			if (i < pulses.length) pulses[i] = last;
			p.arrive?.(now);
			continue;
		}
		if (u >= 0) {
			const at = (p.back ? 1 - u : u) * 16, k = 2 * Math.min(15, at | 0), f = at - k * 0.5, q = p.path;
			groups[p.group].push(q[k] + (q[k + 2] - q[k]) * f, q[k + 1] + (q[k + 3] - q[k + 1]) * f);
		}
		i++;
	}
	groups.forEach((list, g) => {
		if (!list.length) return;
		const r = RADII[g & 3] * (squares ? 0.6 : 1), colour = ink[COLOURS[g >> 2]], alpha = ALPHAS[g & 3];
		if (squares) return blocks(colour, alpha, list, r);
		fill(colour, () => {
			for (let i = 0; i < list.length; i += 2) {ctx.moveTo(list[i] + r, list[i + 1]); ctx.arc(list[i], list[i + 1], r, 0, 7)}
		}, alpha);
	});
}

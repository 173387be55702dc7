// The clock, and times and durations in words.

const offset = {wall: 0, at: 0, speed: 1, set: false};

export function setClock(now, speed) {
	const here = performance.now();
	if (offset.set && offset.speed === speed) {
		const late = now - (offset.wall + (here - offset.at) * speed);
		// A frame that comes late must not turn the clock back; a large difference is a seek or a sleep.
		if (Math.abs(late) < 400) {offset.wall += late * 0.2; return}
	}
	Object.assign(offset, {wall: now, at: here, speed, set: true});
}
export function sourceNow() {
	return offset.set ? offset.wall + (performance.now() - offset.at) * offset.speed : Date.now();
}

export function freezeClock(at) {Object.assign(offset, {wall: at, at: performance.now(), speed: 0, set: true})}
const pad = (n, w = 2) => String(n).padStart(w, "0");

export function clock(t) {
	const d = new Date(t);
	return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}
export const clockMs = (t) => `${clock(t)}.${pad(new Date(t).getMilliseconds(), 3)}`;

export function day(t) {
	const d = new Date(t);
	return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
}
export const sameDay = (a, b) => day(a) === day(b);
// With its day where that is another one than `now`'s.
export const dated = (t, now, text) => (sameDay(t, now) ? text : `${day(t)} ${text}`);
export const utc = (t) => new Date(t).toISOString();
let zoneName;
export const zone = () => (zoneName ??= Intl.DateTimeFormat().resolvedOptions().timeZone || "local time");

const units = (ms, show) => (ms < 120000 ? `${show(ms / 1000)} s` : ms < 7200000 ? `${show(ms / 60000)} min` : ms < 172800000 ? `${show(ms / 3600000)} h` : `${show(ms / 86400000)} d`);
export function duration(ms) {
	if (ms == null || !Number.isFinite(ms)) return "–";
	if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
	return units(ms, (v) => (ms < 120000 ? v.toFixed(1) : Math.round(v)));
}
// Without fractions where there are none: 60 s, 5 min, 2.5 s.
export const length = (ms) => units(ms, (v) => Math.round(v * 10) / 10);

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400, 172800, 345600];

export function ticks(start, span, width, gap = 110) {
	const step = (steps.find((s) => (s * 1000 * width) / span >= gap) ?? 604800) * 1000;
	const zoneOffset = step >= 1800000 ? new Date(start).getTimezoneOffset() * 60000 : 0;
	const out = [];
	for (let t = Math.ceil((start - zoneOffset) / step) * step + zoneOffset; t <= start + span; t += step) out.push(t);
	return {step, times: out};
}

// Midnight is named by its day.
export function tickLabel(t, step) {
	const text = clock(t);
	if (step >= 1000 && text === "00:00:00") return day(t);
	if (step < 1000) return `${text}.${Math.floor(new Date(t).getMilliseconds() / 100)}`;
	return step >= 60000 ? text.slice(0, 5) : text;
}

export function parseTime(text) {
	if (!text) return null;
	const t = /^\d{10,}$/.test(text) ? Number(text) : Date.parse(text);
	return Number.isFinite(t) ? t : null;
}

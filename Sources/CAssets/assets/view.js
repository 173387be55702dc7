// The shown window, the cursor of all panes, the choices.
import {model, isRecording} from "./model.js";
import {sourceNow} from "./time.js";

export const USUAL = 60000;
const SHORTEST = 2000, LONGEST = 7 * 86400000, listeners = [];
export const view = {span: USUAL, end: null, cursor: null, marker: null, paused: false, pausedAt: 0, missed: 0, filter: "", least: 0, raw: false, fold: null, lane: 0};

export const onView = (f) => listeners.push(f);
export const changed = (what) => {for (const f of listeners) f(what)};

export const latest = sourceNow;
export const known = () => model.frozen ?? sourceNow();
export const windowEnd = () => view.end ?? (view.paused ? view.pausedAt : latest());
export const windowStart = () => windowEnd() - view.span;
export const following = () => view.end == null && !view.paused;
export const moment = () => view.cursor ?? (following() ? null : windowEnd());

const inside = (t) => Math.max(windowStart(), Math.min(windowEnd(), t));

export function setCursor(t) {
	const to = t == null ? null : inside(t);
	if (to === view.cursor) return;
	view.cursor = to;
	changed("cursor");
}

export function setWindow(span, end) {
	const now = latest();
	view.span = Math.max(SHORTEST, Math.min(LONGEST, span));
	view.end = end == null || end >= now - view.span * 0.004 ? null : end;
	if (view.cursor != null) view.cursor = inside(view.cursor);
	changed("window");
}

// Zooms by a factor and keeps the time at `at` in its place; the right edge follows now.
export function zoom(factor, at = view.cursor ?? windowEnd()) {
	const share = (windowEnd() - at) / view.span, span = Math.max(SHORTEST, Math.min(LONGEST, view.span * factor));
	setWindow(span, view.end == null && share < 0.02 ? null : at + share * span);
}

export const move = (ms) => setWindow(view.span, windowEnd() + ms);

export function goLive() {
	Object.assign(view, {paused: false, missed: 0, end: null});
	changed("window");
}

export function pause() {
	Object.assign(view, {pausedAt: latest(), paused: !view.paused, missed: 0});
	changed("window");
}

// The earliest moment that is known without asking: of a recording its begin, else what the server keeps of the last half hour.
export const earliest = () => (isRecording() ? model.source.start : Math.max(model.from ?? 0, latest() - 1800000));

export function whole() {
	const kept = Math.max(USUAL, latest() - earliest());
	setWindow(view.end == null && Math.abs(view.span - kept) < 1500 ? USUAL : kept, null);
}

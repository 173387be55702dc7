// The shown window of time, the cursor common to all panes, and what the viewer chose.
import {model} from "./model.js";
import {sourceNow} from "./time.js";

export const SHORTEST = 2000, LONGEST = 7 * 86400000, USUAL = 60000;

export const view = {span: USUAL, end: null, cursor: null, marker: null, paused: false, pausedAt: 0, missed: 0, filter: "", fold: null, lane: 0};

const listeners = [];
export const onView = (f) => listeners.push(f);
/** Notifies the panes: "cursor" moved, or the "window" did. */
export const changed = (what) => {for (const f of listeners) f(what);};

export const latest = sourceNow;
/** The latest moment that is known: now, or when the server was lost. */
export const known = () => model.frozen ?? sourceNow();
export const windowEnd = () => view.end ?? (view.paused ? view.pausedAt : latest());
export const windowStart = () => windowEnd() - view.span;

/** The moment that Flow shows, or null for the present. */
export function moment() {
	if (view.cursor != null) return view.cursor;
	if (view.end != null) return view.end;
	return view.paused ? view.pausedAt : null;
}
export const following = () => view.end == null && !view.paused;

export function setCursor(t) {
	if (t != null) t = Math.max(windowStart(), Math.min(windowEnd(), t));
	if (t === view.cursor) return;
	view.cursor = t;
	changed("cursor");
}

/** Shows `span` ms up to `end`; an end at or after now follows it. */
export function setWindow(span, end) {
	const now = latest();
	view.span = Math.max(SHORTEST, Math.min(LONGEST, span));
	view.end = end == null || end >= now - view.span * 0.004 ? null : Math.max(end, now - LONGEST);
	if (view.end == null && view.paused) view.end = view.pausedAt < now ? view.pausedAt : null;
	if (view.cursor != null) view.cursor = Math.max(windowStart(), Math.min(windowEnd(), view.cursor));
	changed("window");
}

/** Zooms by a factor and keeps the time at `at` in its place. */
export function zoom(factor, at = view.cursor ?? windowEnd()) {
	const end = windowEnd(), old = view.span, span = Math.max(SHORTEST, Math.min(LONGEST, old * factor));
	const share = (end - at) / old;
	setWindow(span, view.end == null && share < 0.02 ? null : at + share * span);
}

export const move = (ms) => setWindow(view.span, windowEnd() + ms);

export function goLive() {
	view.paused = false;
	view.missed = 0;
	view.end = null;
	changed("window");
}

export function pause(on = !view.paused) {
	if (on === view.paused) return;
	view.pausedAt = latest();
	view.paused = on;
	view.missed = 0;
	if (!on && view.end != null && view.cursor == null) view.end = null;
	changed("window");
}

/** Whole: everything that is kept up to half an hour; again: the usual minute. */
export function whole() {
	const kept = Math.min(1800000, Math.max(USUAL, latest() - (model.from ?? latest() - 1800000)));
	if (view.end == null && Math.abs(view.span - kept) < 1000) setWindow(USUAL, null);
	else setWindow(kept, null);
}

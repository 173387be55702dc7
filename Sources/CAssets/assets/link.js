// A moment as an address; times in RFC 3339 or ms since 1970.
import {view, windowStart, windowEnd, moment, USUAL} from "./view.js";
import {decision} from "./decision.js";
import {parseTime, utc} from "./time.js";

export function readAddress() {
	const q = new URLSearchParams(location.search), from = parseTime(q.get("from")), to = parseTime(q.get("to")), at = parseTime(q.get("at")), open = q.get("open");
	if (from == null && at == null && to == null) return open ? {end: null, at: null, open} : null;
	const start = from ?? at - USUAL / 2, end = to ?? (at != null ? Math.max(start + USUAL, at + USUAL / 6) : start + USUAL);
	return {span: Math.max(2000, end - start), end, at, open};
}

export function address() {
	const url = new URL("/", location.href), at = moment() ?? windowEnd();
	url.searchParams.set("from", utc(windowStart()));
	url.searchParams.set("to", utc(windowEnd()));
	url.searchParams.set("at", utc(at));
	if (decision.id) url.searchParams.set("open", decision.id);
	return url.href;
}

export async function copyLink(notice) {
	const text = address();
	try {await navigator.clipboard.writeText(text); notice("The link to this moment is copied.")}
	catch {
		// Without leave for the clipboard the address bar holds the link.
		history.replaceState(null, "", text);
		notice("The link to this moment is in the address bar.");
	}
}

// Parts of a decision's card.
import {h, bdi, svg} from "./dom.js";
import {clockMs, day, sameDay, utc, zone, duration} from "./time.js";
import {signed, plain} from "./draw.js";
import {view} from "./view.js";

// With its day, but for that of `near`.
export const time = (t, near = Date.now()) => h("time", {datetime: utc(t), title: `${utc(t)} (UTC); shown in ${zone()}`}, (sameDay(t, near) ? "" : `${day(t)} `) + clockMs(t));
export const part = (title, ...children) => h("div.part", h("h3", title), ...children);
export const pair = (name, ...value) => h("div.pair", h("span", name), h("span", ...value));
export const refusal = (error) => h("div.refused", {role: "alert"}, h("b", bdi(error.message)), error.remedy && h("small", bdi(error.remedy)));

export function lead(value, kind, title, ...under) {
	const length = 2 * Math.PI * 22, circle = {cx: 25, cy: 25, r: 22}, text = svg("text", {x: 25, y: 30});
	text.textContent = plain(value);
	return h("div.lead", svg("svg", {viewBox: "0 0 50 50", role: "img", "aria-label": `confidence ${plain(value)}`}, svg("circle", {class: "ring", ...circle}),
		svg("circle", {class: `ring v ${kind}`, ...circle, "stroke-dasharray": `${Math.min(1, Math.abs(value)) * length} ${length}`, transform: "rotate(-90 25 25)"}), text),
	h("div", h("h3", {tabindex: "-1"}, title), h("p", ...under)));
}

export function meter(share, kind = "") {
	const bar = h(`i${kind && `.${kind}`}`);
	bar.style.width = `${Math.max(0, Math.min(1, Math.abs(share))) * 100}%`;
	return h("div.meter", {"aria-hidden": "true"}, bar);
}

// A payload as it was sent, or its members one after another.
function payload(text) {
	if (!text || view.raw) return text;
	try {
		const value = JSON.parse(text), shown = (part) => (typeof part === "object" ? JSON.stringify(part) : part);
		return (typeof value === "object" && Object.entries(value).map(([key, part]) => `${key} ${shown(part)}`).join(" · ")) || text;
	} catch {return text}
}

export function witness(w) {
	const deny = w.polarity < 0, {push} = w, below = payload(w.payload) || (w.why && `${w.why}${w.age != null ? ` · ${duration(w.age)} ago` : ""}`);
	return h("li.wit", h(`i.dot${w.virtual ? ".virtual" : deny ? ".deny" : ""}`, {"aria-hidden": "true"}), h("bdi.clip", {title: w.name}, w.name), meter(w.confidence, deny ? "deny" : ""),
		h("span.num", {title: "confidence"}, (deny ? "−" : "") + plain(w.confidence)),
		h(`span.num.${push < 0 ? "closed" : push > 0 ? "open" : "muted"}`, {title: "push"}, push == null ? "" : signed(push)), below && h("bdi.mono", below));
}

export const answer = (a) => [
	h("p.answer", bdi(a.text || a.outcome)),
	pair(bdi(a.by), h("span.clip", [a.took != null && duration(a.took), a.lf != null && `${a.lf} LF`].filter(Boolean).join(" · "))),
	a.outcome && a.outcome !== "answered" && pair("outcome", bdi(a.outcome)), a.reason && h("p.muted", bdi(a.reason)),
];

export const refused = (list) => (list.length ? list.map((r) => pair(h("span", "refused ", bdi(r.what)), bdi(r.why))) : [pair("refused", "nothing")]);

export function command(c) {
	const kind = c.state === "ok" ? "open" : /^(error|failed|refused|expired)$/.test(c.state) ? "closed" : "muted", line = (text) => text && text !== "null" && h("bdi.mono.muted", payload(text));
	return h("div", h("div.deed", h("i", {"aria-hidden": "true"}), h("span", bdi(c.target), " · ", bdi(c.command)),
		h(`span.${kind}`, c.state + (c.took != null ? ` after ${duration(c.took)}` : ""))), h("div", line(c.payload)), h("div", line(c.result)));
}

// `real` in grey behind `what`, thresholds dashed, the opening's moment.
export function curve(real, what, open, close, at) {
	const all = [...real, ...(what ?? [])], out = svg("svg", {class: "curve", viewBox: "0 0 320 62", preserveAspectRatio: "none", "aria-hidden": "true"});
	const ts = all.map((p) => p[0]), xs = all.map((p) => p[1]), t0 = Math.min(...ts), t1 = Math.max(...ts, t0 + 1), least = Math.min(0, ...xs), most = Math.max(0, ...xs);
	const low = least < -0.05 ? Math.min(least, close) : 0, high = low < 0 && most < 0.1 ? 0.1 : Math.max(most, open + 0.1);
	const X = (t) => (((t - t0) / (t1 - t0)) * 320).toFixed(1), Y = (x) => (58 - ((x - low) / (high - low)) * 54).toFixed(1);
	const draw = (kind, d) => out.append(svg("path", {d, class: kind, "vector-effect": "non-scaling-stroke"})), line = (kind, points) => draw(kind, points.map(([t, x], i) => `${i ? "L" : "M"}${X(t)} ${Y(x)}`).join(""));
	draw("zero", `M0 ${Y(0)}H320`);
	if (high >= open) draw("limit", `M0 ${Y(open)}H320`);
	if (low <= close) draw("limit low", `M0 ${Y(close)}H320`);
	line(what ? "true" : "what", real);
	if (what) line("what", what);
	if (at >= t0 && at <= t1) draw("at", `M${X(at)} 2V60`);
	return out;
}

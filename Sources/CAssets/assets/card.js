// The parts of a decision's card, in the order of reading.
import {h, bdi, svg} from "./dom.js";
import {clockMs, day, sameDay, utc, zone, duration} from "./time.js";
import {signed, plain} from "./draw.js";

export const time = (t) => h("time", {datetime: utc(t), title: `${utc(t)} (UTC); shown in ${zone()}`}, (sameDay(t, Date.now()) ? "" : `${day(t)} `) + clockMs(t));
export const part = (title, ...children) => h("div.part", h("h3", title), ...children);
export const pair = (name, value) => h("div.pair", h("span", name), h("span", value));

export function ring(value, kind) {
	const share = Math.max(0, Math.min(1, Math.abs(value))), length = 2 * Math.PI * 22;
	const text = svg("text", {x: 25, y: 30});
	text.textContent = plain(value);
	return svg("svg", {viewBox: "0 0 50 50", role: "img", "aria-label": `confidence ${plain(value)}`},
		svg("circle", {class: "ring", cx: 25, cy: 25, r: 22}),
		svg("circle", {class: `ring v ${kind}`, cx: 25, cy: 25, r: 22, "stroke-dasharray": `${share * length} ${length}`, transform: "rotate(-90 25 25)"}), text);
}

export const lead = (value, kind, title, under) => h("div.lead", ring(value, kind), h("div", h("h3", {tabindex: "-1"}, title), h("p", ...under)));

export function meter(value, kind = "") {
	const bar = h(`i${kind ? `.${kind}` : ""}`);
	bar.style.width = `${Math.max(0, Math.min(1, Math.abs(value))) * 100}%`;
	return h("div.meter", {"aria-hidden": "true"}, bar);
}

export function witness(w) {
	const deny = w.polarity < 0, push = w.push;
	return h("li.wit", null,
		h(`i.dot${w.virtual ? ".virtual" : deny ? ".deny" : ""}`, {"aria-hidden": "true"}),
		h("bdi.clip", {title: w.name}, w.name), meter(w.confidence, deny ? "deny" : ""),
		h("span.num", {title: "confidence"}, (deny ? "−" : "") + plain(w.confidence)),
		push == null ? h("span") : h(`span.num.${push < 0 ? "closed" : push > 0 ? "open" : "muted"}`, {title: "push"}, push ? signed(push) : "0.00"),
		w.payload ? h("bdi.mono", w.payload) : null);
}

export function answers(list) {
	return list.flatMap((a) => [
		h("p.answer", bdi(a.text || a.outcome)),
		h("div.pair", h("span", bdi(a.by)), h("span", [a.took != null ? duration(a.took) : "", a.lf != null ? `${a.lf} LF` : ""].filter(Boolean).join(" · "))),
		a.outcome && a.outcome !== "answered" ? pair("outcome", bdi(a.outcome)) : null,
		a.reason ? h("p.muted", bdi(a.reason)) : null,
	]);
}

export const refused = (list) => (list.length ? list.map((r) => h("div.pair", h("span", "refused ", bdi(r.what)), h("span", bdi(r.why)))) : [pair("refused", "nothing")]);

export function command(c) {
	const bad = /^(fail|refus|expired|error|reject|lost)/i.test(c.state || "") || /^(fail|error)/i.test(c.result || "");
	const took = c.took != null ? ` after ${duration(c.took)}` : "";
	return h("div", null,
		h("div.deed", h("i", {"aria-hidden": "true"}), h("span", bdi(c.target), " · ", bdi(c.command)),
			h(`span${bad ? ".closed" : c.result || c.state === "done" ? ".open" : ".muted"}`, bdi((c.result || c.state || "") + took))),
		c.payload ? h("bdi.mono.muted", c.payload) : null);
}

const NS = "non-scaling-stroke";
function line(points, X, Y, kind) {
	const d = points.map(([t, x], i) => `${i ? "L" : "M"}${X(t).toFixed(1)} ${Y(x).toFixed(1)}`).join("");
	return svg("path", {d, class: kind, "vector-effect": NS});
}

/** The potential's curve: `real` in grey behind `what` when that differs, thresholds dashed, the opening's moment. */
export function curve(real, what, open, close, at) {
	const all = [...real, ...(what ?? [])], out = svg("svg", {class: "curve", viewBox: "0 0 320 62", preserveAspectRatio: "none", "aria-hidden": "true"});
	if (all.length < 2) return out;
	const t0 = Math.min(...all.map((p) => p[0])), t1 = Math.max(...all.map((p) => p[0]), t0 + 1), low = Math.min(0, ...all.map((p) => p[1]), Math.min(...all.map((p) => p[1])) < -0.05 ? close : 0);
	const high = Math.max(low < -0.05 && Math.max(...all.map((p) => p[1])) < 0.1 ? 0.1 : open + 0.1, ...all.map((p) => p[1]));
	const X = (t) => ((t - t0) / (t1 - t0)) * 320, Y = (x) => 58 - ((x - low) / (high - low)) * 54;
	const flat = (y, kind) => svg("path", {d: `M0 ${y.toFixed(1)}H320`, class: kind, "vector-effect": NS});
	out.append(flat(Y(0), "zero"));
	if (high >= open) out.append(flat(Y(open), "limit"));
	if (low <= close) out.append(flat(Y(close), "limit low"));
	if (what) out.append(line(real, X, Y, "true"), line(what, X, Y, "what")); else out.append(line(real, X, Y, "what"));
	if (at != null && at >= t0 && at <= t1) out.append(svg("path", {d: `M${X(at).toFixed(1)} 2V60`, class: "at", "vector-effect": NS}));
	return out;
}

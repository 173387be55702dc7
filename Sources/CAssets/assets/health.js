// Eight figures; each opens its cause, remedy and tables.
import {model} from "./model.js";
import {offline} from "./feed.js";
import {NOTICES} from "./header.js";
import {phone} from "./tabs.js";
import {h, bdi, svg, setText, $} from "./dom.js";
import {pair, meter} from "./card.js";
import {duration} from "./time.js";

const LABELS = {nats: "NATS", thalamus: "Thalamus", memory: "Memory", minds: "Minds", lifeforce: "Lifeforce", avoided: "Calls avoided", missed: "Events missed", tab: "This tab"};
const IDS = Object.keys(LABELS), SIGNS = ["well", "degraded", "lost"], rows = {};
let open = null;

export function startHealth() {
	$("figures").replaceChildren(...IDS.map((id) => {
		const row = rows[id] = {label: h("span.clip", LABELS[id]), sign: h("i.sign.unknown", {"aria-hidden": "true"}), value: h("bdi.clip", "–"), word: h("span.vh")};
		row.button = h("button.figure", {"aria-expanded": "false", "aria-controls": "detail", onclick: () => toggle(id)}, row.label, h("div", row.sign, row.value, row.word));
		return h("li", row.button);
	}));
	document.addEventListener("pointerdown", (event) => {if (open && !event.target.closest("#detail, .figure")) toggle(open)});
}

function item(id) {
	const lost = offline(), n = model.behind;
	if (id !== "tab") {
		const found = {value: "–", cause: "Nothing is known yet.", ...model.health?.items?.find((i) => i.id === id)};
		return !lost ? found : id === "nats" ? {...found, sign: "lost", value: "not known"} : {...found, sign: "unknown"};
	}
	if (lost) return {value: "no server", sign: "lost", cause: NOTICES.lost, remedy: "It connects again by itself. Check that nimmer web runs."};
	const cause = `This tab takes frames more slowly than they come: one wave in ${n} is drawn. Every opening, collapse and decision is shown.`;
	if (n > 1) return {value: `1 in ${n} drawn`, sign: "degraded", cause, remedy: "Close other tabs of this page, or use a faster connection."};
	return {value: "all drawn", sign: "well", cause: "Every wave that the server sent to this tab is drawn."};
}

export function drawHealth() {
	for (const id of IDS) {
		const row = rows[id], it = item(id), sign = SIGNS.includes(it.sign) ? it.sign : "unknown";
		row.sign.className = `sign ${sign}`;
		setText(row.label, it.label ?? LABELS[id]);
		setText(row.value, row.value.title = it.value);
		setText(row.word, sign === "unknown" ? ", not known" : `, ${sign}`);
	}
	// What has the focus or is selected in it, such as a command to copy, stays.
	const detail = $("detail"), selection = getSelection();
	if (open && !detail.contains(document.activeElement) && (selection.isCollapsed || !detail.contains(selection.anchorNode))) draw();
}

export function closeDetail() {
	const id = open;
	if (id) {toggle(id); rows[id].button.focus()}
	return !!id;
}

function toggle(id) {
	const detail = $("detail"), {button} = rows[id], pane = $("health").getBoundingClientRect();
	open = open === id ? null : id;
	for (const key of IDS) rows[key].button.setAttribute("aria-expanded", String(open === key));
	detail.hidden = !open;
	if (!open) return;
	draw();
	detail.style.left = phone() ? "" : `${Math.max(0, Math.min(button.getBoundingClientRect().left - pane.left, pane.width - 400))}px`;
	if (phone()) detail.scrollIntoView({block: "nearest"});
}

const count = (n) => (n == null ? "–" : Number(n).toLocaleString("en"));
function table(title, head, list) {
	const kind = (i) => (head[i][0] === "#" ? ".num" : "");
	return list.length ? [h("h4", title), h("table", h("tr", head.map((t, i) => h(`th${kind(i)}`, {scope: "col"}, t.replace("#", "")))), list.map((cells) => h("tr", cells.map((c, i) => h(`td${kind(i)}`, bdi(c))))))] : [];
}

const processes = (x) => table("Processes", ["name", "state", "#up", "note"], (x.processes ?? []).map((p) => [p.n, p.state, duration(p.up), p.note]));
const streams = (x) => table("Streams", ["name", "#messages", "#lag"], (x.streams ?? []).map((s) => [s.n, count(s.messages), count(s.lag)]));
const degraded = (x) => (x.degraded?.length ? [h("h4", "Degraded"), h("ul", x.degraded.map((d) => h("li.warn", bdi(d))))] : []);
const budgets = (x) => (x.minds?.length ? [h("h4", "Budgets of the minds, lifeforce today"), x.minds.map((m) => {
	const share = m.limit > 0 ? m.spent / m.limit : 0;
	return [pair(bdi(m.n + (m.note ? ` · ${m.note}` : "")), `${Number(m.spent ?? 0).toFixed(1)}${m.limit > 0 ? ` of ${m.limit}` : ""} LF`), meter(share, share > 0.9 ? "over" : "mind")];
})] : []);

function days(x) {
	const list = (x.days ?? []).slice(-14), most = Math.max(1, ...list.map((d) => d.avoided)), worst = Math.max(1, ...list.map((d) => d.missed)), w = 366 / list.length;
	if (!list.length) return [h("p.muted", "No full day is known yet.")];
	const plot = svg("svg", {class: "days", viewBox: "0 0 366 92", role: "img", "aria-label": "Calls avoided above, events missed below, a bar a day"}, svg("path", {class: "b", d: "M0 56.5H366"}));
	const text = (kind, fields, words) => {const t = svg(kind, fields); t.textContent = words; return t};
	list.forEach((d, i) => {
		const bar = (kind, y, height) => svg("rect", {class: kind, x: i * w + w * 0.15, y, width: w * 0.7, height}), a = (d.avoided / most) * 50;
		const title = text("title", {}, `${d.day}: ${count(d.avoided)} calls avoided, ${count(d.missed)} events missed, ${count(d.calls)} calls`);
		plot.append(svg("g", {}, title, bar("a", 56 - a, a), d.missed && bar("m", 58, Math.max(2, (d.missed / worst) * 14))));
		if (!i || i === list.length - 1) plot.append(text("text", {x: i ? 366 : 0, y: 88, "text-anchor": i ? "end" : "start"}, d.day));
	});
	const last = list.slice(-3).reverse().map((d) => [d.day, count(d.avoided), count(d.missed), count(d.calls)]);
	return [h("h4", "A day: calls avoided (up), events missed (down)"), plot, table("The last days", ["day", "#avoided", "#missed", "#calls"], last)];
}

const MORE = {nats: [streams, processes], thalamus: [degraded, processes], memory: [streams, degraded], minds: [budgets, degraded], lifeforce: [budgets], avoided: [days], missed: [days], tab: []};

function draw() {
	const it = item(open), remedy = it.remedy ? [h("p.remedy", h("b", "Remedy: "), bdi(it.remedy))] : [];
	$("detail").replaceChildren(h("h3", it.label ?? LABELS[open], ": ", bdi(it.value)), h("p", bdi(it.cause)), ...remedy, ...MORE[open].flatMap((f) => f(model.health ?? {})).flat(3));
}

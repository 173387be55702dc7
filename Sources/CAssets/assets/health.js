// Health: eight figures; each opens its cause, its remedy and the table behind it.
import {model} from "./model.js";
import {feed} from "./feed.js";
import {h, bdi, svg, setText, $} from "./dom.js";
import {duration} from "./time.js";

const ITEMS = [["nats", "NATS"], ["thalamus", "Thalamus"], ["memory", "Memory"], ["minds", "Minds"], ["lifeforce", "Lifeforce"], ["avoided", "Calls avoided"], ["missed", "Events missed"], ["tab", "This tab"]];
const rows = new Map();
let open = null;

export function startHealth() {
	$("figures").replaceChildren(...ITEMS.map(([id, label]) => {
		const sign = h("i.sign.unknown", {"aria-hidden": "true"}), value = h("bdi.clip", "–"), word = h("span.vh", "not known");
		const button = h("button.figure", {type: "button", "aria-expanded": "false", "aria-controls": "detail", onclick: () => toggle(id)}, h("span.clip", label), h("div", sign, value, word));
		rows.set(id, {button, sign, value, word});
		return h("li", button);
	}));
	document.addEventListener("pointerdown", (event) => {if (open && !event.target.closest("#detail, .figure")) toggle(open);});
}

function tab() {
	if (feed.state === "lost") return {value: "no server", sign: "lost", cause: "The server is not reached; the page shows what was known.", remedy: "It connects again by itself. Check that nimmer web runs."};
	if (model.behind > 1) return {value: `1 in ${model.behind} drawn`, sign: "degraded", cause: `This tab takes frames more slowly than they come: one wave in ${model.behind} is drawn. Every opening, collapse and decision is shown.`, remedy: "Close other tabs of this page, or use a faster connection."};
	return {value: "all drawn", sign: "well", cause: "Every wave that the server sent to this tab is drawn.", remedy: ""};
}

function item(id) {
	if (id === "tab") return tab();
	const found = model.health?.items?.find((i) => i.id === id);
	if (feed.state === "lost" && found) return id === "nats" ? {...found, sign: "lost", value: "not known"} : {...found, sign: "unknown"};
	return found ?? {value: "–", sign: "unknown", cause: "Nothing is known yet.", remedy: ""};
}

const WORDS = {well: "well", degraded: "degraded", lost: "lost", unknown: "not known"};
export function drawHealth() {
	for (const [id] of ITEMS) {
		const row = rows.get(id), it = item(id), sign = WORDS[it.sign] ? it.sign : "unknown";
		row.sign.className = `sign ${sign === "well" ? "" : sign}`;
		setText(row.value, it.value ?? "–");
		row.value.title = it.value ?? "";
		setText(row.word, `, ${WORDS[sign]}`);
	}
	if (open && !$("detail").contains(document.activeElement)) draw();
}

export function closeDetail() {if (open) {const id = open; toggle(id); rows.get(id).button.focus(); return true;} return false;}

function toggle(id) {
	for (const row of rows.values()) row.button.setAttribute("aria-expanded", "false");
	open = open === id ? null : id;
	const detail = $("detail");
	detail.hidden = !open;
	if (!open) return;
	rows.get(id).button.setAttribute("aria-expanded", "true");
	draw();
	const pane = $("health").getBoundingClientRect(), at = rows.get(id).button.getBoundingClientRect();
	detail.style.left = innerWidth < 760 ? "" : `${Math.max(0, Math.min(at.left - pane.left, pane.width - 400))}px`;
	if (innerWidth < 760) detail.scrollIntoView({block: "nearest"});
}

function table(head, list) {
	return h("table", h("tr", ...head.map((t, i) => h(`th${i && t.startsWith("#") ? ".num" : ""}`, {scope: "col"}, t.replace("#", "")))),
		...list.map((cells) => h("tr", ...cells.map((c, i) => h(head[i].startsWith("#") ? "td.num" : "td", null, typeof c === "string" || typeof c === "number" ? bdi(c) : c)))));
}
const count = (n) => (n == null ? "–" : Number(n).toLocaleString("en"));

function processes(x) {
	if (!x.processes?.length) return [];
	return [h("h4", "Processes"), table(["name", "state", "#up", "note"], x.processes.map((p) => [p.n, p.state ?? "", p.up != null ? duration(p.up) : "–", p.note ?? ""]))];
}
function streams(x) {
	if (!x.streams?.length) return [];
	return [h("h4", "Streams"), table(["name", "#messages", "#lag"], x.streams.map((s) => [s.n, count(s.messages), count(s.lag)]))];
}
function budgets(x) {
	if (!x.minds?.length) return [];
	return [h("h4", "Budgets of the minds, life force today"), ...x.minds.map((m) => {
		const share = m.limit > 0 ? m.spent / m.limit : 0, bar = h(`i.${share > 0.9 ? "over" : "mind"}`);
		bar.style.width = `${Math.min(1, share) * 100}%`;
		return h("div", h("div.pair", h("span", bdi(m.n), m.note ? " · " : "", bdi(m.note ?? "")), h("span", `${Number(m.spent ?? 0).toFixed(1)}${m.limit > 0 ? ` of ${m.limit}` : ""} LF`)), h("div.meter", {"aria-hidden": "true"}, bar));
	})];
}
function degraded(x) {
	if (!x.degraded?.length) return [];
	return [h("h4", "Degraded"), h("ul", ...x.degraded.map((d) => h("li.warn", bdi(d))))];
}

function days(x) {
	const list = (x.days ?? []).slice(-14);
	if (!list.length) return [h("p.muted", "No full day is known yet.")];
	const most = Math.max(1, ...list.map((d) => d.avoided)), worst = Math.max(1, ...list.map((d) => d.missed)), w = 366 / list.length;
	const plot = svg("svg", {class: "days", viewBox: "0 0 366 92", role: "img", "aria-label": "Calls avoided above, events missed below, a bar a day"});
	plot.append(svg("path", {class: "b", d: "M0 56.5H366"}));
	list.forEach((d, i) => {
		const a = (d.avoided / most) * 50, m = (d.missed / worst) * 14, bar = (k, y, height) => svg("rect", {class: k, x: (i * w + w * 0.15).toFixed(1), y: y.toFixed(1), width: (w * 0.7).toFixed(1), height: Math.max(0, height).toFixed(1)});
		const title = svg("title");
		title.textContent = `${d.day}: ${count(d.avoided)} calls avoided, ${count(d.missed)} events missed, ${count(d.calls)} calls`;
		plot.append(svg("g", null, title, bar("a", 56 - a, a), d.missed ? bar("m", 58, Math.max(2, m)) : null));
		if (i === 0 || i === list.length - 1) {const t = svg("text", {x: i ? 366 : 0, y: 88, "text-anchor": i ? "end" : "start"}); t.textContent = d.day; plot.append(t);}
	});
	const last = list.at(-1);
	return [h("h4", "A day: calls avoided (up), events missed (down)"), plot, table(["day", "#avoided", "#missed", "#calls"], list.slice(-3).reverse().map((d) => [d.day, count(d.avoided), count(d.missed), count(d.calls)])), last ? null : null];
}

function draw() {
	const it = item(open), x = model.health ?? {}, label = ITEMS.find((i) => i[0] === open)[1];
	const more = {nats: () => [...streams(x), ...processes(x)], thalamus: () => [...degraded(x), ...processes(x)], memory: () => [...streams(x), ...degraded(x)], minds: () => [...budgets(x), ...degraded(x)], lifeforce: () => budgets(x), avoided: () => days(x), missed: () => days(x), tab: () => []}[open]();
	$("detail").replaceChildren(...[h("h3", label, ": ", bdi(it.value ?? "–")), it.cause ? h("p", bdi(it.cause)) : null, it.remedy ? h("p.remedy", h("b", "Remedy: "), bdi(it.remedy)) : null, ...more].filter(Boolean));
}

// Decision: the card of an opening or of a gate; it follows new openings until one is pinned.
import {model, gateNamed, gateSlot} from "./model.js";
import {ask} from "./http.js";
import {h, bdi, $} from "./dom.js";
import {lead, part, pair, witness, answers, refused, command, curve, time, meter} from "./card.js";
import {signed, plain} from "./draw.js";
import {duration} from "./time.js";
import {drawFoot} from "./outcome.js";

const FRESH = 8000;
export const decision = {kind: null, id: null, name: null, card: null, pinned: false, shownAt: 0, newer: 0};
let request = null, timer = 0, shown = () => {};

export function startDecision(onShown) {
	shown = onShown;
	$("newer").addEventListener("click", () => {const last = model.openings.at(-1); if (last) showOpening(last.id, false);});
	empty();
}

function empty() {
	$("card").replaceChildren(h("div.part", h("p.sentence", h("b", "No gate has opened yet")),
		h("p.muted", "When independent witnesses agree, their collapse is explained here: the witnesses, why the gate opened, what the mind answered, and what became of it.")));
	$("foot").replaceChildren();
}

const pill = () => {const b = $("newer"); b.hidden = !decision.newer; b.textContent = `${decision.newer} newer`;};

async function load(path, draw) {
	request?.abort();
	const own = request = new AbortController();
	try {
		const card = await ask(path, own.signal);
		if (own !== request) return;
		draw(card);
	} catch (error) {
		if (error.name === "AbortError" || own !== request) return;
		if (decision.card) return;
		$("card").replaceChildren(h("div.refused", {role: "alert"}, h("b", bdi(error.message)), error.remedy ? h("small", bdi(error.remedy)) : null));
		$("foot").replaceChildren();
	}
}

/** Shows the card of an opening, collapse or request; `pin` keeps it when another gate opens. */
export function showOpening(id, pin = true) {
	const other = decision.kind !== "opening" || decision.id !== id;
	Object.assign(decision, {kind: "opening", id, name: null, pinned: pin, shownAt: performance.now(), newer: 0});
	if (other) {decision.card = null; if (pin) $("card").scrollTop = 0;}
	pill();
	return load(`/decision/${encodeURIComponent(id)}`, drawOpening);
}

/** Shows why a gate is as it is. */
export function showGate(name) {
	if (decision.kind !== "gate" || decision.name !== name) decision.card = null;
	Object.assign(decision, {kind: "gate", id: null, name, pinned: true, shownAt: performance.now()});
	return load(`/gate/${encodeURIComponent(name)}`, drawGate);
}

export function unpin() {decision.pinned = false; if (decision.newer) {const last = model.openings.at(-1); if (last) showOpening(last.id, false);}}

/** A frame arrived: follow a new opening, or read the shown card again when it concerns it. */
export function decisionFrame(m) {
	if (m.k === "collapse") {
		if (decision.kind === null || (!decision.pinned && performance.now() - decision.shownAt > FRESH)) showOpening(m.id, false);
		else {decision.newer++; pill();}
	}
	if (!["request", "response", "command", "result", "outcome"].includes(m.k) || decision.kind !== "opening" || !decision.card) return;
	const card = decision.card, mine = m.id === card.id || m.c === card.collapse || (card.request && m.id === card.request.id) || m.g == null || gateSlot(m.g) === gateSlot(card.gate);
	if (mine) refresh();
}

export function refresh() {
	clearTimeout(timer);
	timer = setTimeout(() => {
		if (decision.kind === "opening") load(`/decision/${encodeURIComponent(decision.id)}`, drawOpening);
		else if (decision.kind === "gate") load(`/gate/${encodeURIComponent(decision.name)}`, drawGate);
	}, 180);
}

function replace(nodes, card) {
	const box = $("card"), top = box.scrollTop, inside = box.contains(document.activeElement), same = decision.card && decision.card.id === card.id && decision.card.name === card.name;
	box.replaceChildren(...nodes.filter(Boolean));
	box.scrollTop = same ? top : 0;
	if (inside) (box.querySelector("input[type=range]") ?? box.querySelector("h3"))?.focus();
	decision.card = card;
	shown(card);
}

function drawOpening(card) {
	const same = decision.card?.id === card.id && JSON.stringify(decision.card) === JSON.stringify(card);
	if (same) return;
	// A refresh must not take the slider out of a hand that holds it.
	if (decision.card?.id === card.id && document.activeElement?.type === "range") {decision.card = card; drawFoot(card); return;}
	const nodes = [
		lead(card.confidence ?? 0, card.title?.endsWith("closed") ? "closed" : "", bdi(card.title), [time(card.at), card.number ? ` · opening ${card.number} of ${card.of}` : ""]),
		h("p.sentence", bdi(card.sentence)),
		card.note ? h("p.muted.sentence", bdi(card.note)) : null,
		part("Witnesses", h("ul", ...card.witnesses.map(witness))),
	];
	if (card.request || card.answers.length) {
		nodes.push(part(card.answers.length ? "What the mind answered" : "Asked, not answered yet", ...answers(card.answers), ...refused(card.refused),
			!card.answers.length && card.request?.until ? pair("until", time(card.request.until)) : null));
	} else nodes.push(part("What the mind answered", h("p.muted", "No mind was asked.")));
	if (card.commands.length) nodes.push(part("What was done", ...card.commands.map(command)));
	if (card.points?.length > 1) nodes.push(part("Why then, and what if its trust had been different", ...slider(card)));
	if (card.memory) nodes.push(h("p.muted.part", "From the memory in PostgreSQL."));
	replace(nodes, card);
	drawFoot(card);
}

function slider(card) {
	const trust = card.trust?.now ?? 0, box = h("div", curve(card.points, null, card.open, card.close, card.at));
	const left = h("span", `With trust ${plain(trust)}`), right = h("span", "as it was");
	let wait = 0, abort = null;
	const input = h("input", {type: "range", min: "0", max: "1", step: "0.01", "aria-label": "Trust of the gate", oninput: () => {
		clearTimeout(wait);
		wait = setTimeout(tryIt, 60);
		input.setAttribute("aria-valuetext", `trust ${input.value}`);
		left.textContent = `With trust ${plain(Number(input.value))}`;
	}});
	input.value = String(trust);
	async function tryIt() {
		const value = Number(input.value);
		abort?.abort();
		if (Math.abs(value - trust) < 0.005) {box.replaceChildren(curve(card.points, null, card.open, card.close, card.at)); right.textContent = "as it was"; return;}
		abort = new AbortController();
		try {
			const answer = await ask(`/what-if/${encodeURIComponent(card.id)}?trust=${value}`, abort.signal);
			box.replaceChildren(curve(card.points, answer.points, card.open, card.close, answer.at ?? null));
			const late = answer.at != null ? answer.at - card.at : 0;
			right.replaceChildren(bdi(answer.note || (!answer.opens ? "it would not open" : Math.abs(late) < 1 ? "it opens as it did" : `it opens ${duration(Math.abs(late))} ${late < 0 ? "earlier" : "later"}`)));
		} catch (error) {if (error.name !== "AbortError") right.replaceChildren(bdi(error.message));}
	}
	return [box, input, h("div.pair", {"aria-live": "polite"}, left, right)];
}

function drawGate(card) {
	const gate = model.gates[gateNamed(card.name)], kind = card.state === "OPEN" ? "open" : card.state === "CLOSED" ? "closed" : "";
	const last = gate && model.openings.findLast((o) => o.g === gate.slot);
	const missing = card.missing > 0 ? [pair("missing push", h("b", signed(card.missing)))] : [];
	replace([
		lead(card.x, kind, bdi(card.name), [card.state, " · opens at ", plain(card.open), ", closes at ", plain(card.close)]),
		h("p.sentence", bdi(card.sentence)),
		part(card.state === "OPEN" ? "Why it is open" : "Why did it not open?", ...missing, ...(card.reasons ?? []).map((r) => h("p", bdi(r)))),
		part("Witnesses", card.witnesses?.length ? h("ul", ...card.witnesses.map((w) => h("li.wit", null,
			h(`i.dot${w.polarity < 0 ? ".deny" : ""}`, {"aria-hidden": "true"}), h("bdi.clip", {title: w.name}, w.name), meter(w.confidence, w.polarity < 0 ? "deny" : ""),
			h("span.num", (w.polarity < 0 ? "−" : "") + plain(w.confidence)), h("span.mono", `${w.why}${w.age != null ? ` · ${duration(w.age)} ago` : ""}`)))) : h("p.muted", "No witness has sent a wave.")),
		part("Trust", pair("of the gate", `${plain(card.weight)}${card.earned ? " · earned" : " · given"}`), ...(card.origins ?? []).map((o) => h("div.pair", bdi(o.name), h("span", `${plain(o.trust)} · ${o.confirmed} confirmed, ${o.failed} false`)))),
		card.points?.length > 1 ? part("Its potential", curve(card.points, null, card.open, card.close, null)) : null,
		card.note ? h("p.muted.part", bdi(card.note)) : null,
		last ? h("p.part", h("button.small", {type: "button", onclick: () => showOpening(last.id)}, "Show its last opening")) : null,
	], card);
	$("foot").replaceChildren();
}

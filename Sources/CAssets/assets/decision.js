// The card of an opening or a gate; it follows new openings until one is pinned.
import {model, gateOf} from "./model.js";
import {ask} from "./http.js";
import {h, bdi, $} from "./dom.js";
import {lead, part, pair, witness, answer, refused, command, curve, time, refusal} from "./card.js";
import {signed, plain} from "./draw.js";
import {duration} from "./time.js";
import {view} from "./view.js";
import {drawFoot} from "./outcome.js";

const FRESH = 8000, READ_AGAIN = 1000;
export const decision = {id: null, key: null, card: null, pinned: false};
let request = null, again = false, timer = 0, readAt = -READ_AGAIN, shownAt = 0, newer = 0, drawn = "", slider = null;

const pill = () => {$("newer").hidden = !newer; $("newer").textContent = `${newer} newer`};

export function startDecision() {
	$("newer").addEventListener("click", showNewest);
	startOver();
}

// Nothing is shown: at first, and where the opening that was shown may be still to come.
export function startOver() {
	request?.abort();
	clearTimeout(timer);
	[request, again, timer, newer, drawn, slider] = [null, false, 0, 0, "", null];
	Object.assign(decision, {id: null, key: null, card: null, pinned: false});
	pill();
	drawFoot(null);
	$("card").replaceChildren(h("div.part", h("p.sentence", h("b", "No gate has opened yet")),
		h("p.muted", "When independent witnesses agree, their collapse is explained here: the witnesses, why the gate opened, what the mind answered, and what became of it.")));
}

const shown = () => decision.id ?? decision.key;

// Reads the card of what is shown; one that cannot be read leaves the former in its place.
async function load() {
	clearTimeout(timer);
	timer = 0;
	if (document.hidden) return;
	request?.abort();
	const own = request = new AbortController(), {id, key} = decision;
	readAt = performance.now();
	again = false;
	try {
		const card = await ask(id ? `/decision/${encodeURIComponent(id)}` : `/gate/${encodeURIComponent(key)}`, own.signal);
		if (own === request) (id ? drawOpening : drawGate)(card);
	} catch (error) {
		if (own === request && !decision.card) {
			$("card").replaceChildren(refusal(error));
			drawFoot(null);
		}
	}
	if (own !== request) return;
	request = null;
	if (again) refresh();
}

// Reads it again: at once, and while frames keep coming at most once a second.
export function refresh() {
	if (request) again = true;
	else if (shown()) timer ||= setTimeout(load, Math.max(0, readAt + READ_AGAIN - performance.now()));
}

function show(id, key, pinned) {
	if (!shown()) $("card").replaceChildren(h("p.muted.part", "Reading the decision …"));
	if (decision.id !== id || decision.key !== key) {
		decision.card = null;
		$("card").scrollTop = 0;
	}
	Object.assign(decision, {id, key, pinned});
	shownAt = performance.now();
	return load();
}

export function showOpening(id, pinned = true) {
	newer = 0;
	pill();
	return show(id, null, pinned);
}
export const showGate = (gate) => show(null, gate.key, true);
export function showNewest() {const last = model.openings.at(-1); if (last) showOpening(last.id, false)}
export function unpin() {decision.pinned = false; if (newer) showNewest()}

// Indicates whether a frame is of what is shown.
function belongs(m) {
	const {id, key, card} = decision;
	if (key) return /^(gate|collapse|outcome)$/.test(m.k) && gateOf(m.g)?.key === key;
	const opening = model.openings.findLast((o) => o.id === id), c = card?.collapse ?? opening?.c, ids = [id, card?.id, card?.request?.id];
	return /^(request|response|command|result|outcome)$/.test(m.k) && (c != null && m.c === c || [m.id, m.open].some((i) => i != null && ids.includes(i)));
}

export function decisionFrame(m) {
	if (m.k === "collapse") {
		if (!shown() || !decision.pinned && performance.now() - shownAt > FRESH) return showOpening(m.id, false);
		newer++;
		pill();
	}
	if (shown() && belongs(m)) refresh();
}

// Draws a card around the slider, which stays while its card is read again: it may be in a hand that holds it.
function replace(card, top, kept, bottom) {
	const box = $("card"), held = box.contains(document.activeElement) && !kept?.contains(document.activeElement), at = box.scrollTop;
	if (!kept || box.children[1] !== kept) box.replaceChildren(h("div"), kept ?? h("div"), h("div"));
	box.children[0].replaceChildren(...top.filter(Boolean));
	box.children[2].replaceChildren(...bottom.filter(Boolean));
	box.scrollTop = decision.card ? at : 0;
	if (held) box.querySelector("h3").focus();
	decision.card = card;
}

function drawOpening(card) {
	const {points, trust, ...body} = card, text = JSON.stringify([body, view.raw]);
	if (points?.length > 1 && slider?.id !== card.id) slider = startSlider(card.id);
	if (!decision.card || drawn !== text) replace(card, before(card), points?.length > 1 ? slider.node : null, [card.memory && h("p.muted.part", "From the memory in PostgreSQL.")]);
	drawn = text;
	decision.card = card;
	if (points?.length > 1) slider.take(card);
	drawFoot(card);
}

export function toggleRaw() {
	view.raw = !view.raw;
	if (decision.id && decision.card) drawOpening(decision.card);
}

function before(card) {
	const {answers, request, commands} = card;
	return [
		lead(card.confidence ?? 0, "", bdi(card.title), time(card.at), card.number && h("span", ` · opening ${card.number} of ${card.of}`)),
		h("p.sentence", bdi(card.sentence)), card.note && h("p.muted.sentence", bdi(card.note)),
		part("Witnesses", h("ul", card.witnesses.map(witness))),
		request && part("What was asked", pair(bdi(request.event), `at most ${request.budget} LF · until `, time(request.until, card.at)), request.actions.length && pair("suggested", bdi(request.actions.join(", ")))),
		!request && !answers.length ? part("What the mind answered", h("p.muted", "No mind was asked."))
			: part(answers.length ? "What the mind answered" : "Not answered yet", ...answers.flatMap(answer), ...refused(card.refused)),
		commands.length && part("What was done", ...commands.map(command)),
	];
}

// The potential's curve, and a slider that asks what had been with another trust; it rests at the trust of the opening.
function startSlider(id) {
	const box = h("div"), left = h("span"), right = h("span"), below = h("p.muted");
	let card = null, rest = 0, what = null, wait = 0, own = null;
	const input = h("input", {type: "range", min: "0", max: "1", step: "0.01", "aria-label": "Trust of the gate"}), atRest = () => Math.abs(input.value - rest) < 0.005;
	function draw() {
		left.textContent = `With trust ${plain(Number(input.value))}`;
		box.replaceChildren(curve(card.points, what?.points ?? null, card.open, card.close, what ? what.at : card.at));
		if (what) return;
		right.textContent = "as it was";
		below.textContent = "";
	}
	async function askWhatIf() {
		own?.abort();
		own = new AbortController();
		what = null;
		if (atRest()) return draw();
		try {
			const found = what = await ask(`/what-if/${encodeURIComponent(id)}?trust=${input.value}`, own.signal), late = (found.at ?? card.at) - card.at;
			draw();
			right.replaceChildren(bdi(!found.opens ? "it would not open" : Math.abs(late) < 1 ? "it opens as it did" : `it opens ${duration(Math.abs(late))} ${late < 0 ? "earlier" : "later"}`));
			below.textContent = found.note ?? "";
		} catch (error) {if (error.name !== "AbortError") right.replaceChildren(bdi(error.message))}
	}
	input.addEventListener("input", () => {left.textContent = `With trust ${plain(Number(input.value))}`; clearTimeout(wait); wait = setTimeout(askWhatIf, 60)});
	return {
		id, node: part("Why then, and what if its trust had been different", box, input, h("div.pair", {"aria-live": "polite"}, left, right), below),
		take(next) {
			const rests = !card || atRest();
			card = next;
			rest = card.then ?? card.trust?.now ?? 0;
			if (rests) input.value = String(rest);
			draw();
		},
	};
}

function drawGate(card) {
	const last = model.openings.findLast((o) => o.g === gateOf(card.gate)?.slot), {state} = card, text = JSON.stringify(card);
	if (decision.card && drawn === text) return;
	drawn = text;
	replace(card, [
		lead(card.x, state === "STABLE" ? "" : state.toLowerCase(), bdi(card.name), `${state} · opens at ${plain(card.open)}, closes at ${plain(card.close)}`),
		h("p.sentence", bdi(card.sentence)),
		part(state === "OPEN" ? "Why it is open" : "Why did it not open?", card.missing > 0 && pair("missing push", h("b", signed(card.missing))), ...(card.reasons ?? []).map((r) => h("p", bdi(r)))),
		part("Witnesses", card.witnesses?.length ? h("ul", card.witnesses.map(witness)) : h("p.muted", "No witness has sent a wave.")),
		part("Trust", pair("of the gate", `${plain(card.weight)} · ${card.earned ? "earned" : "given"}`), ...(card.origins ?? []).map((o) => pair(bdi(o.name), `${plain(o.trust)} · ${o.confirmed} confirmed, ${o.failed} false`))),
		card.points?.length > 1 && part("Its potential", curve(card.points, null, card.open, card.close, null)),
		card.note && h("p.muted.part", bdi(card.note)),
		last && h("p.part", h("button.small", {onclick: () => showOpening(last.id)}, "Show its last opening"))], null, []);
	drawFoot(null);
}

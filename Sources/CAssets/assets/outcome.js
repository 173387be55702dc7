// The foot of a decision: outcome with a note, undo, approve and refuse. An observer's page never gets these buttons.
import {model} from "./model.js";
import {act} from "./http.js";
import {h, bdi, $} from "./dom.js";
import {plain, signed} from "./draw.js";
import {time} from "./card.js";

const RESULTS = [["confirmed", "Confirmed"], ["partial", "Partly"], ["failed", "False"]];
let forCard = null, chosen = null, text = "", trouble = null, working = false, after = () => {};
export function startOutcome(acted) {after = acted;}

export function drawFoot(card) {
	if (forCard !== card.id) {forCard = card.id; chosen = null; text = ""; trouble = null;}
	const foot = $("foot"), held = foot.contains(document.activeElement) ? document.activeElement.dataset.key : null;
	foot.replaceChildren(...(model.role === "operator" ? operator(card) : observer(card)));
	if (held) foot.querySelector(`[data-key="${held}"]`)?.focus();
}

function observer(card) {
	if (!card.outcome) return [];
	return [h("p", ...done(card.outcome))];
}

const word = (result) => RESULTS.find((r) => r[0] === result)?.[1].toLowerCase() ?? result;
const done = (o) => [h("b", `Outcome: ${word(o.result)}`), " · ", bdi(o.by), o.at ? " · " : "", o.at ? time(o.at) : "", o.note ? h("span.muted", " “", bdi(o.note), "”") : ""];

function operator(card) {
	const error = trouble ? [h("div.refused", {role: "alert"}, h("b", bdi(trouble.message)), trouble.remedy ? h("small", bdi(trouble.remedy)) : null)] : [];
	if (card.waiting) {
		return [h("h3", "May it be done? Waits until ", time(card.waiting.until)),
			h("div.acts", null,
				h("button.act", {type: "button", "data-key": "approve", disabled: working, onclick: () => run("/verdict", {decision: card.waiting.id, verdict: "approve"}, card)}, "Approve"),
				h("button.act", {type: "button", "data-key": "refuse", disabled: working, onclick: () => run("/verdict", {decision: card.waiting.id, verdict: "refuse"}, card)}, "Refuse")), ...error];
	}
	if (card.outcome) {
		return [h("div.pair", h("span", ...done(card.outcome)),
			h("button.small", {type: "button", "data-key": "undo", disabled: working, onclick: () => run("/outcome", {opening: card.id, result: "undo", note: ""}, card)}, "Undo")), ...error];
	}
	const trust = card.trust ?? {}, now = trust.now ?? 0;
	const button = ([result, label]) => {
		const to = trust[result];
		return h("button.act", {type: "button", "data-key": result, "aria-pressed": String(chosen === result), disabled: working, onclick: () => {chosen = chosen === result ? null : result; drawFoot(card); $("foot").querySelector("input")?.focus();}},
			label, h("small", to == null ? "" : `${plain(now)} → ${plain(to)}`, h("span.vh", to == null ? "" : ` trust, ${signed(to - now)}`)));
	};
	return [h("h3", `Was it true? Trust is ${plain(now)}${trust.earned ? ", earned" : ""}`), h("div.acts", {role: "group", "aria-label": "Outcome"}, ...RESULTS.map(button)), ...(chosen ? [note(card)] : []), ...error];
}

function note(card) {
	const input = h("input", {"data-key": "note", maxlength: "200", placeholder: "Note (optional)", "aria-label": "Note", autocomplete: "off", oninput: () => {text = input.value;}});
	input.value = text;
	return h("form.note", {onsubmit: (event) => {event.preventDefault(); run("/outcome", {opening: card.id, result: chosen, note: text}, card);}},
		input, h("button.small.first", {type: "submit", "data-key": "send", disabled: working}, "Record"));
}

async function run(path, body, card) {
	if (working) return;
	working = true;
	trouble = null;
	drawFoot(card);
	try {
		const answer = await act(path, body);
		chosen = null;
		text = "";
		after(answer.text);
	} catch (error) {trouble = error;}
	working = false;
	if (forCard === card.id) drawFoot(card);
}

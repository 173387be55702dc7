// Outcome, undo, approve, refuse. An observer's page never gets these buttons.
import {model} from "./model.js";
import {act} from "./http.js";
import {h, bdi, $} from "./dom.js";
import {plain, signed} from "./draw.js";
import {time, refusal} from "./card.js";

const RESULTS = {confirmed: "Confirmed", partial: "Partly", failed: "False"};
let shown = null, chosen = null, text = "", error = null, working = false, after = () => {};
export function startOutcome(acted) {after = acted}

export function drawFoot(card) {
	if (shown !== card.id) {shown = card.id; chosen = error = null; text = ""}
	const foot = $("foot"), held = foot.contains(document.activeElement) && document.activeElement.dataset.key, o = card.outcome;
	const done = o && h("span", h("b", `Outcome: ${RESULTS[o.result]?.toLowerCase() ?? o.result}`), " · ", bdi(o.by), o.at && [" · ", time(o.at)], o.note && h("span.muted", " “", bdi(o.note), "”"));
	foot.replaceChildren(...[model.role === "operator" ? operator(card, done) : done, error && refusal(error)].flat().filter(Boolean));
	if (held) foot.querySelector(`[data-key="${held}"]`)?.focus();
}

const button = (kind, key, run, ...children) => h(`button.${kind}`, {"data-key": key, disabled: working, onclick: run}, ...children);

function operator(card, done) {
	const {waiting, trust = {}} = card, now = trust.now ?? 0, outcome = (result, note) => run("/outcome", {opening: card.id, result, note}, card);
	if (waiting) {
		const verdict = (v) => () => run("/verdict", {decision: waiting.id, verdict: v}, card);
		return [h("h3", "May it be done? Waits until ", time(waiting.until)), h("div.acts", button("act", "approve", verdict("approve"), "Approve"), button("act", "refuse", verdict("refuse"), "Refuse"))];
	}
	if (done) return h("div.pair", done, button("small", "undo", () => outcome("undo", ""), "Undo"));
	const choices = Object.entries(RESULTS).map(([key, label]) => {
		const to = trust[key], choice = button("act", key, () => {
			chosen = chosen === key ? null : key;
			drawFoot(card);
			$("foot").querySelector("input")?.focus();
		}, label, to != null && h("small", `${plain(now)} → ${plain(to)}`, h("span.vh", ` trust, ${signed(to - now)}`)));
		choice.setAttribute("aria-pressed", String(chosen === key));
		return choice;
	});
	const input = chosen && h("input", {"data-key": "note", maxlength: "200", placeholder: "Note (optional)", "aria-label": "Note", autocomplete: "off", value: text, oninput: () => {text = input.value}});
	return [h("h3", `Was it true? Trust is ${plain(now)}${trust.earned ? ", earned" : ""}`), h("div.acts", {role: "group", "aria-label": "Outcome"}, choices),
		chosen && h("form.note", {onsubmit: (event) => {event.preventDefault(); outcome(chosen, text)}}, input, h("button.small.first", {type: "submit", "data-key": "send", disabled: working}, "Record"))];
}

async function run(path, body, card) {
	if (working) return;
	working = true;
	error = null;
	drawFoot(card);
	try {
		const answer = await act(path, body);
		chosen = null;
		text = "";
		after(answer.text);
	} catch (refused) {error = refused}
	working = false;
	if (shown === card.id) drawFoot(card);
}

// Outcome, undo, approve, refuse. An observer's page never gets these buttons.
import {model, isRecording} from "./model.js";
import {latest} from "./view.js";
import {act} from "./http.js";
import {h, bdi, $} from "./dom.js";
import {plain, signed} from "./draw.js";
import {time, refusal} from "./card.js";
import {announce} from "./access.js";
import {clock} from "./time.js";

const RESULTS = {confirmed: "Confirmed", partial: "Partly", failed: "False"};
// The last card, the choice about it, and what was recorded here and no card shows yet.
let card = null, chosen = null, text = "", error = null, working = false, recorded = null, timer = 0, announced = null, decided = null, acted = () => {};
export function startOutcome(after) {acted = after}

export function drawFoot(next) {
	if (next?.id !== card?.id) {chosen = error = recorded = null; text = ""}
	card = next;
	draw();
}

// What is known of its outcome: the answer to an act counts until a card differs from the one before the act.
function known() {
	const own = recorded && JSON.stringify(card.outcome) === recorded.former, {outcome} = own ? recorded : card;
	if (!outcome || own || recorded?.outcome?.result !== outcome.result) return outcome;
	return {...outcome, before: outcome.before ?? recorded.outcome.before, after: outcome.after ?? recorded.outcome.after};
}

function draw() {
	clearTimeout(timer);
	const foot = $("foot"), at = document.activeElement, held = foot.contains(at) && at.dataset.key, {selectionStart, selectionEnd} = at;
	if (!card) return foot.replaceChildren();
	const o = known();
	const done = o && h("div", h("b", `Outcome: ${RESULTS[o.result]?.toLowerCase() ?? o.result}`), o.by && [" · ", bdi(o.by)], o.at && [" · ", time(o.at)],
		o.note && h("span.muted", " “", bdi(o.note), "”"), o.before != null && o.after != null && h("div", `Trust ${plain(o.before)} → ${plain(o.after)}`));
	const made = foot.cloneNode();
	made.append(...h("div", model.role === "operator" ? operator(done) : done, error && refusal(error)).childNodes);
	// A button that is there stays: it may be pressed, and not released yet.
	if (made.isEqualNode(foot)) return;
	foot.replaceChildren(...made.childNodes);
	const again = held && foot.querySelector(`[data-key="${held}"]`);
	if (again) again.focus();
	if (again && selectionStart != null) again.setSelectionRange(selectionStart, selectionEnd);
}

const button = (kind, key, run, ...children) => h(`button.${kind}`, {"data-key": key, disabled: working, onclick: run}, ...children);

function operator(done) {
	const {waiting, trust = {}} = card, now = trust.now ?? 0, left = waiting && waiting.id !== decided ? waiting.until - latest() : 0;
	if (left > 0 && !isRecording()) {
		const verdict = (v) => () => run("/verdict", {decision: card.waiting.id, verdict: v});
		if (announced !== waiting.id) announce("command", ["May it be done? ", [card.title ?? ""], ` waits until ${clock(waiting.until)}`]);
		announced = waiting.id;
		// What waits no longer is offered no longer.
		timer = setTimeout(() => {draw(); acted()}, Math.min(left, 1e9));
		return [h("h3", "May it be done? Waits until ", time(waiting.until)), h("div.acts", button("act", "approve", verdict("approve"), "Approve"), button("act", "refuse", verdict("refuse"), "Refuse"))];
	}
	if (done) return h("div.pair", done, !isRecording() && button("small", "undo", () => outcome("undo"), "Undo"));
	if (card.awaited === false && !card.outcome) return h("p.muted", isRecording() ? "A recording's openings are not reported about." : "The thalamus awaits no outcome of it: none would count.");
	const choices = Object.entries(RESULTS).map(([key, label]) => {
		const to = trust[key], choice = button("act", key, () => {
			chosen = chosen === key ? null : key;
			draw();
			$("foot").querySelector("input")?.focus();
		}, label, to != null && h("small", `${plain(now)} → ${plain(to)}`, h("span.vh", ` trust, ${signed(to - now)}`)));
		choice.setAttribute("aria-pressed", String(chosen === key));
		return choice;
	});
	const input = chosen && h("input", {"data-key": "note", maxlength: "200", placeholder: "Note (optional)", "aria-label": "Note", autocomplete: "off", value: text, oninput: () => {text = input.value}});
	return [h("h3", `Was it true? Trust is ${plain(now)}${trust.earned ? ", earned" : ""}`), h("div.acts", {role: "group", "aria-label": "Outcome"}, choices),
		chosen && h("form.note", {onsubmit: (event) => {event.preventDefault(); outcome(chosen)}}, input, h("button.small.first", {type: "submit", "data-key": "send", disabled: working}, "Record"))];
}

const outcome = (result) => run("/outcome", {opening: card.id, result, note: result === "undo" ? "" : text});

async function run(path, body) {
	if (working) return;
	const {id, outcome} = card;
	working = true;
	error = null;
	draw();
	try {
		const answer = await act(path, body);
		if (card?.id === id) {
			if (body.verdict) decided = body.decision;
			if (body.result) recorded = {former: JSON.stringify(outcome), outcome: body.result === "undo" ? null : {...body, by: "", at: latest(), before: answer.before, after: answer.after}};
			chosen = null;
			text = "";
		}
		acted(answer.text);
	} catch (refused) {if (card?.id === id) error = refused}
	working = false;
	draw();
}

// The button of a result, as a key chooses it; answers whether it is there.
export function choose(result) {
	const found = $("foot").querySelector(`[data-key=${result}]`);
	if (result === "undo") found?.focus();
	else if (found && chosen !== result) found.click();
	return !!found;
}

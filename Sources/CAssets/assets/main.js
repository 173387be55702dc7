// Wires the feed, the model and the panes.
import {model, hooks, isRecording, decisionOf} from "./model.js";
import {offline, start} from "./feed.js";
import {view, onView, changed, setWindow, setCursor, goLive, pause, zoom, whole, windowStart, following, moment, latest} from "./view.js";
import {readInk} from "./draw.js";
import {startLoop, redraw, motion} from "./loop.js";
import {startFlow, relayout, drawFlow, flowFrame, flow} from "./flow.js";
import {startScope, drawScope, dirtyScope, relayoutScope, paperScope, scopeViewChanged} from "./scope.js";
import {startHistory, want, forget} from "./history.js";
import {startDecision, decision, showOpening, showGate, showNewest, decisionFrame, unpin, refresh, startOver} from "./decision.js";
import {startOutcome, choose} from "./outcome.js";
import {startHealth, drawHealth, closeDetail} from "./health.js";
import {drawHeader, seek, play, playFrom, speedUp, toast} from "./header.js";
import {startAccess, flowTargets, scopeTargets, writeFlow, writeScope, announceFrame} from "./access.js";
import {startKeys, marker} from "./keys.js";
import {openHelp} from "./help.js";
import {startTabs, isShown, reveal} from "./tabs.js";
import {startTheme, nextTheme} from "./theme.js";
import {copyLink, readAddress} from "./link.js";
import {clock, dated, length} from "./time.js";
import {$, root, setText} from "./dom.js";

let flowNow = false, address = readAddress();
const live = () => model.ready && model.frozen == null && following() && (!isRecording() || model.source.motion === "playing") && (isShown("flow") || isShown("scope"));

// What Flow shows another moment for than now: a cursor, or else the window.
const leaveMoment = () => {if (view.cursor != null) setCursor(null); else goLive()};
let waited = 0;

function draw(at) {
	if (!model.ready) return;
	if (view.cursor < windowStart() && view.cursor != null) setCursor(null);
	let heavy = false;
	if (isShown("flow")) {
		if (!flow.L) relayout();
		heavy = drawFlow(at, flowNow || !live());
	}
	flowNow = false;
	// The scope waits for frames without much of Flow, but not for long.
	waited = heavy && live() && waited < (motion.reduced ? 1 : 3) ? waited + 1 : 0;
	if (isShown("scope") && !waited) drawScope(at);
	root.dataset.ready = "1";
}

function figures() {
	if (document.hidden) return;
	drawHeader();
	drawHealth();
}

function all() {
	const bare = model.ready && !model.cells.length && !model.gates.length;
	$("flow-empty").hidden = $("scope-empty").hidden = !bare;
	if (isRecording()) setText($("flow-empty").lastChild, "Nothing has come in this recording so far.");
	relayout();
	relayoutScope();
	flowNow = true;
	redraw();
	figures();
}

function connection() {
	const lost = offline(), frozen = lost && model.ready ? model.frozen ?? Math.min(latest(), model.lastAt) : null;
	if (frozen !== model.frozen) {
		model.frozen = frozen;
		$("flow-stage").classList.toggle("frozen", lost);
		flowNow = true;
		dirtyScope();
	}
	redraw();
	figures();
}

// Shows the moment of the address; a recording that has not come to it is played up to it first.
function visit() {
	if (!address) return;
	const {span, end, at, open} = address, goal = Math.min(at ?? end, model.source.end ?? Infinity);
	if (isRecording() && goal > latest()) {
		if (!address.sought) seek(goal);
		address.sought = true;
		return;
	}
	address = null;
	if (end != null) {
		setWindow(span, end);
		setCursor(at);
	}
	if (open) showOpening(open);
}

hooks.snapshot = (isBack) => {
	root.dataset.role = model.role;
	document.title = `${(model.env || "dev").toUpperCase()} · nimmerverse`;
	forget();
	if (isBack) {
		Object.assign(view, {end: null, cursor: null, paused: false, missed: 0, marker: null});
		changed("marker");
		startOver();
	}
	visit();
	connection();
	all();
	want();
	if (decision.id || decision.key) refresh();
	else showNewest();
};
hooks.names = all;
// Merged waves leave times without values, which history fills.
hooks.gap = forget;
hooks.frame = (m, gate) => {
	flowFrame(m, gate);
	decisionFrame(m);
	announceFrame(m, gate);
	if (m.k === "collapse" && !following()) view.missed++;
	if (/^(health|source|behind)$/.test(m.k)) figures();
	if (m.k === "source") {visit(); redraw()}
	if (m.k === "behind" && m.n === 1) forget();
};

onView((what) => {
	if (what !== "lanes") flowNow = true;
	setText($("span"), length(view.span));
	setText($("filter-open"), view.least ? `Filter · ≥ ${view.least.toFixed(2)}` : "Filter");
	scopeViewChanged(what);
	if (what !== "cursor") drawHeader();
	const when = moment();
	$("at").hidden = when == null;
	if (when != null) setText($("at"), `At ${dated(when, latest(), clock(when))}`);
});

const card = () => reveal("decision");
const pick = {
	spot({id}) {
		if (!id) return toast("No decision is known that it belongs to.");
		card();
		showOpening(id);
	},
	gate(gate) {card(); showGate(gate)},
	mind(slot, organ) {
		const last = organ ? model.commands.findLast((c) => c.o === slot) : model.requests.findLast((r) => r.m === slot || r.answer?.m === slot);
		if (!last) return toast(`No ${organ ? "command was sent" : "question was put"} to it in the time that is kept.`);
		pick.spot({id: decisionOf(last)});
	},
	fold(prefix) {
		view.fold = prefix;
		all();
		$("flow-list").querySelector("button")?.focus();
	},
};

function filter(open) {
	if (open) reveal("scope");
	$("filter").hidden = !open;
	$("filter-open").hidden = open;
	if (open) return $("filter").focus();
	$("filter").value = view.filter = "";
	$("filter-open").focus();
	changed("lanes");
}

function leave() {
	if (closeDetail()) return;
	if (!$("filter").hidden) filter(false);
	else if (view.cursor != null) setCursor(null);
	else if (view.fold != null) pick.fold(null);
	else if (decision.pinned) unpin();
	else if (!following()) now();
	else document.activeElement?.blur();
}

function outcome(result) {
	card();
	if (!choose(result)) toast(result === "undo" ? "No outcome is shown that can be taken back." : "No opening is shown whose outcome can be reported.");
}

const now = () => {goLive(); setCursor(null)}, link = () => copyLink(toast), find = () => filter(true);
startTheme(() => {readInk(); all()}, (on) => {readInk(); paperScope(on); if (!on) all()});
readInk();
startFlow($("flow-stage"), flowTargets);
startScope($("scope-stage"), pick.spot, scopeTargets);
startAccess(pick);
startDecision();
startOutcome((text) => {if (text) toast(text); refresh()});
startHealth();
startTabs(all);
startHistory(() => {dirtyScope(); redraw()});
startKeys({now, link, find, leave, outcome, theme: nextTheme, help: openHelp, newest: showNewest});
const buttons = {
	pause, at: leaveMoment, copy: link, theme: nextTheme, help: openHelp, span: whole, live: now, mark: marker, "filter-open": find, play,
	"zoom-in": () => zoom(0.5), "zoom-out": () => zoom(2), speed: () => speedUp(model.source.speed < 8 ? 2 : 1 / 16),
	"from-here": () => {playFrom(moment() ?? latest()); now()},
};
for (const [id, run] of Object.entries(buttons)) $(id).addEventListener("click", () => run());
// The menu of narrow headers: what its buttons stand for is not shown there.
$("menu").addEventListener("click", ({target}) => {
	if (!target.dataset.of) return;
	if (target.dataset.of !== "theme") $("menu").hidePopover();
	$(target.dataset.of).click();
});
$("filter").addEventListener("input", () => {
	view.filter = $("filter").value;
	changed("lanes");
});
setText($("span"), length(view.span));
startLoop(draw, live);
document.addEventListener("visibilitychange", () => {if (!document.hidden) {forget(); want(); refresh(); all()}});
document.fonts.ready.then(() => {readInk(); all()});
setInterval(() => {
	if (document.hidden) return;
	drawHeader();
	writeFlow();
	writeScope();
	if (model.frozen != null) redraw();
}, 1000);
start(connection);

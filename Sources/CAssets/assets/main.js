// Start of the page: wires the feed, the model and the panes together.
import {model, hooks} from "./model.js";
import {feed, start} from "./feed.js";
import {view, onView, changed, setWindow, setCursor, goLive, pause, zoom, whole, following, latest} from "./view.js";
import {readInk} from "./draw.js";
import {startLoop, redraw} from "./loop.js";
import {startFlow, relayout, drawFlow, flowFrame, flow} from "./flow.js";
import {startScope, drawScope, dirtyScope, relayoutScope, scopeViewChanged} from "./scope.js";
import {startHistory, want, forget} from "./history.js";
import {startDecision, decision, showOpening, showGate, decisionFrame, unpin, refresh} from "./decision.js";
import {startOutcome} from "./outcome.js";
import {startHealth, drawHealth, closeDetail} from "./health.js";
import {drawHeader, play, toast} from "./header.js";
import {startAccess, flowTargets, scopeTargets, writeFlow, writeScope, announceFrame} from "./access.js";
import {startKeys, marker} from "./keys.js";
import {openHelp} from "./help.js";
import {startTabs, showTab} from "./tabs.js";
import {startTheme, nextTheme} from "./theme.js";
import {copyLink, readAddress} from "./link.js";
import {length} from "./time.js";
import {$, setText} from "./dom.js";

let flowNow = false, addressed = false, firstDrawn = false;
const pane = (id) => $(id).offsetWidth > 0;

function draw(at) {
	if (!model.ready) return;
	let heavy = false;
	if (pane("flow")) {if (!flow.L) relayout(); heavy = drawFlow(at, flowNow || !following() || model.frozen != null);}
	flowNow = false;
	// What stands in Flow and a step of the scope fall into different frames.
	if (pane("scope") && !(heavy && live())) drawScope(at);
	if (!firstDrawn) {firstDrawn = true; document.documentElement.dataset.ready = "1";}
}

const live = () => model.ready && model.frozen == null && following() && (model.source.kind === "live" || model.source.motion === "playing") && (pane("flow") || pane("scope"));

/** Everything drawn again, after a change of theme, size, names or connection. */
function all() {
	relayout();
	relayoutScope();
	dirtyScope();
	flowNow = true;
	redraw();
	drawHeader();
	drawHealth();
}

function freeze() {
	const lost = feed.state === "lost" || feed.state === "ended";
	const frozen = lost && model.ready ? model.frozen ?? latest() : null;
	if (frozen !== (model.frozen ?? null)) {
		model.frozen = frozen;
		$("flow-stage").classList.toggle("frozen", lost);
		dirtyScope();
		flowNow = true;
	}
	redraw();
	drawHeader();
	drawHealth();
}

function emptyStates() {
	const none = model.ready && !model.cells.length && !model.gates.length;
	$("flow-empty").hidden = $("scope-empty").hidden = !none;
}

hooks.snapshot = (seek) => {
	model.frozen = null;
	$("flow-stage").classList.remove("frozen");
	document.documentElement.dataset.role = model.role;
	document.title = `${(model.env || "dev").toUpperCase()} · nimmerverse`;
	forget();
	if (seek) {view.end = null; view.cursor = null;}
	if (!addressed) {
		addressed = true;
		const address = readAddress();
		if (address) {setWindow(address.span ?? view.span, address.end); if (address.at != null) setCursor(address.at); if (address.open) showOpening(address.open);}
	}
	emptyStates();
	all();
	want();
	const last = model.openings.at(-1);
	if (decision.kind === null && last) showOpening(last.id, false); else refresh();
};
hooks.names = () => {emptyStates(); all();};
hooks.frame = (m, gate) => {
	flowFrame(m, gate);
	decisionFrame(m);
	announceFrame(m, gate);
	if (m.k === "health") {drawHealth(); drawHeader();}
	if (m.k === "source" || m.k === "behind") {drawHeader(); drawHealth(); redraw();}
	if (m.k === "collapse" && !following()) view.missed++;
};

onView((what) => {
	if (what === "cursor" || what === "window") flowNow = true;
	setText($("span"), length(view.span));
	scopeViewChanged(what);
	if (what !== "cursor") drawHeader();
});

const pickSpot = (spot) => {if (innerWidth < 760) showTab("decision"); showOpening(spot.id);};
const pickGate = (gate) => {if (innerWidth < 760) showTab("decision"); showGate(gate.n);};
function pickMind(index, organ) {
	const last = organ ? model.deeds.findLast((d) => d.o === index) : model.asks.findLast((a) => (a.answer?.m ?? a.m) === index || index === a.m);
	if (!last) return toast(organ ? "No command was sent to it in the time that is kept." : "No question was put to it in the time that is kept.");
	const opening = model.openings.findLast((o) => (last.c ? o.c === last.c : o.g === last.g && o.t <= last.t));
	pickSpot({id: opening?.id ?? last.id});
}
const pickFold = (fold) => {view.fold = fold; all(); $("flow-list").querySelector("button")?.focus();};

function openFilter() {
	if (innerWidth < 760) showTab("scope");
	$("filter").hidden = false;
	$("filter-open").hidden = true;
	$("filter").focus();
}
function closeFilter() {
	$("filter").value = view.filter = "";
	$("filter").hidden = true;
	$("filter-open").hidden = false;
	changed("lanes");
}
function leave() {
	if (closeDetail()) return;
	if (!$("filter").hidden) {closeFilter(); return;}
	if (view.cursor != null) {setCursor(null); return;}
	if (view.fold != null) {pickFold(null); return;}
	if (decision.pinned) {unpin(); return;}
	document.activeElement?.blur();
}

function buttons() {
	const on = (id, run) => $(id).addEventListener("click", run);
	on("pause", () => pause());
	on("copy", () => copyLink(toast));
	on("theme", () => nextTheme());
	on("help", openHelp);
	on("zoom-in", () => zoom(0.5));
	on("zoom-out", () => zoom(2));
	on("span", whole);
	on("live", () => {goLive(); setCursor(null);});
	on("mark", marker);
	on("filter-open", openFilter);
	$("filter").addEventListener("input", () => {view.filter = $("filter").value; view.lane = 0; changed("lanes");});
}

function begin() {
	startTheme(() => {readInk(); all();});
	readInk();
	startFlow($("flow-stage"), flowTargets);
	startScope($("scope-stage"), pickSpot, scopeTargets);
	startAccess({pickGate, pickMind, pickSpot, pickFold});
	startDecision(() => {});
	startOutcome((text) => {toast(text); refresh();});
	startHealth();
	startTabs(() => {flowNow = true; all();});
	startHistory(() => {dirtyScope(); redraw();});
	startKeys({link: () => copyLink(toast), filter: openFilter, leave, play, theme: nextTheme, help: openHelp, tab: showTab, newest: () => {const last = model.openings.at(-1); if (last) showOpening(last.id, false);}});
	buttons();
	setText($("span"), length(view.span));
	startLoop(draw, live);
	document.addEventListener("visibilitychange", () => {if (!document.hidden) {forget(); want(); all();}});
	document.fonts?.ready.then(() => {readInk(); if (model.ready) all();});
	setInterval(() => {
		if (document.hidden) return;
		drawHeader();
		writeFlow();
		writeScope();
		if (model.frozen != null) redraw();
	}, 1000);
	start(freeze);
}
begin();

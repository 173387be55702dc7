// The header: environment, attention, source, rate, losses, connection, clock; banners in its empty middle.
import {model} from "./model.js";
import {feed, retry, send} from "./feed.js";
import {view, windowEnd, latest, following} from "./view.js";
import {h, bdi, setText, $} from "./dom.js";
import {clock, utc, zone, duration} from "./time.js";

const rateText = (n) => (n >= 10000 ? `${Math.round(n / 1000)}k w/s` : n >= 1000 ? `${(n / 1000).toFixed(1)}k w/s` : `${Math.round(n)} w/s`);
let bannerKey = "";

function banner(key, alarm, title, text, button) {
	const box = $("banner");
	if (!key) {if (!box.hidden) {box.hidden = true; bannerKey = ""; box.replaceChildren();} return;}
	if (bannerKey !== key) {
		bannerKey = key;
		box.className = alarm ? "alarm" : "";
		box.replaceChildren(h("b", {"aria-hidden": "true"}, "!"), h("span", h("b"), " ", h("span")), ...(button ? [h("button", {type: "button", onclick: button[1]}, button[0])] : []));
		box.hidden = false;
	}
	const [strong, rest] = box.children[1].children;
	setText(strong, title);
	setText(rest, text);
}

function state() {
	if (feed.state === "ended") return ["lost", "Ended"];
	if (feed.state === "lost") return ["lost", "Offline"];
	if (feed.state === "connecting" || !model.ready) return ["unknown", "Connecting"];
	if (view.paused) return ["paused", "Paused"];
	if (model.health?.connection === "lost") return ["lost", "NATS lost"];
	if (model.source.kind === "recording") return model.source.motion === "playing" ? ["", "Playing"] : ["paused", model.source.motion === "ended" ? "Ended" : "Stopped"];
	return view.end != null ? ["paused", "Looking back"] : ["", "Live"];
}

/** Writes the header once a second and at each change. */
export function drawHeader() {
	const [sign, word] = state(), lost = model.lost || 0;
	const [dot, label] = $("state").children;
	dot.className = `sign ${sign}`;
	setText(label, word);
	if (!model.ready) return;
	setText($("env"), (model.env || "dev").toUpperCase());
	setText($("attention"), model.mode ?? "–");
	setText($("source"), model.source.name ?? "");
	$("source").title = model.source.name ?? "";
	setText($("rate"), rateText(model.rate));
	setText($("lost"), `lost ${lost}`);
	$("lost").className = lost ? "warn" : "muted";
	const now = feed.state === "lost" ? Date.now() : latest(), time = $("clock");
	setText(time, clock(now));
	time.dateTime = utc(now);
	time.title = `${utc(now)} (UTC); shown in ${zone()}`;
	$("pause").setAttribute("aria-pressed", String(view.paused));
	const live = $("live"), back = !following();
	live.hidden = !back;
	if (back) setText(live, view.missed ? `Back to now · ${view.missed} new` : `Back to now · ${duration(Math.max(0, latest() - windowEnd()))} behind`);
	banners();
	player();
}

function banners() {
	if (feed.state === "ended") return banner("ended", true, "This session has ended.", "The page shows what was known.", ["Enter again", () => location.assign("/")]);
	if (feed.state === "lost") {
		const wait = Math.max(0, Math.ceil((feed.retryAt - Date.now()) / 1000));
		return banner("lost", true, `Server not reached for ${Math.round((Date.now() - feed.since) / 1000)} s.`, `${model.ready ? `Shown: what was known at ${clock(model.frozen ?? model.lastAt)}. ` : ""}Next try in ${wait} s.`, ["Try now", retry]);
	}
	if (model.health?.connection === "lost") return banner("nats", true, `NATS not reached for ${duration(Math.max(0, Date.now() - (model.health.since ?? Date.now())))}.`, "The server waits for it; shown is what was known.");
	if (model.behind > 1) return banner("behind", false, `This tab is behind: 1 wave in ${model.behind} is drawn.`, "Every opening, collapse and decision is shown.");
	banner("");
}

/** Buttons of a recording: play, stop, speed. */
function player() {
	const box = $("player"), recording = model.source.kind === "recording";
	if (box.hidden !== recording) {if (recording) label(box); return;}
	box.hidden = !recording;
	if (!recording) return;
	box.replaceChildren(
		h("button.chip", {type: "button", id: "play", title: "Play or stop the recording (p)", onclick: play}),
		h("button.chip", {type: "button", id: "speed", title: "Speed of the recording", onclick: faster}));
	label(box);
}
function label(box) {
	const playing = model.source.motion === "playing";
	setText(box.children[0], playing ? "Stop" : "Play");
	setText(box.children[1], `×${model.source.speed || 1}`);
}
export function play() {
	if (model.source.kind !== "recording") return;
	if (model.source.motion === "ended" && model.source.start != null) send({seek: model.source.start});
	send(model.source.motion === "playing" ? {stop: true} : {play: model.source.speed || 1});
}
function faster() {const speeds = [1, 2, 4, 8, 0.5], i = speeds.indexOf(model.source.speed); send({play: speeds[(i + 1) % speeds.length]});}

let hide = 0;
/** A short notice at the page's foot. */
export function toast(text) {
	const box = $("toast");
	box.replaceChildren(bdi(text));
	box.hidden = false;
	clearTimeout(hide);
	hide = setTimeout(() => {box.hidden = true;}, 4000);
}

// The header, its banners and notices.
import {model, isRecording} from "./model.js";
import {feed, retry, send} from "./feed.js";
import {view, windowEnd, latest, following} from "./view.js";
import {h, bdi, setText, $} from "./dom.js";
import {address} from "./link.js";
import {clock, day, utc, zone, duration} from "./time.js";

const rateText = (n) => `${n >= 10000 ? `${Math.round(n / 1000)}k` : n >= 1000 ? `${(n / 1000).toFixed(1)}k` : Math.round(n)} w/s`;
let bannerKey = null, hide = 0;

// The text is drawn each second, with its numbers; a reader is given the notice of a state once.
export const NOTICES = {
	ended: "This session has ended.", lost: "The server is not reached; the page shows what was known.",
	nats: "NATS is not reached; the page shows what was known.", behind: "This tab is behind: not every wave is drawn.",
};
function banner(key, alarm, title, text, button) {
	const box = $("banner");
	box.hidden = !key;
	setText($("notice"), NOTICES[key] ?? "");
	if (key && bannerKey !== key) {
		box.className = alarm ? "alarm" : "";
		box.replaceChildren(h("b", {"aria-hidden": "true"}, "!"), h("span", {"aria-hidden": "true"}, h("b"), " ", h("span")), button ? h("button", {onclick: button[1]}, button[0]) : "");
	}
	bannerKey = key;
	if (!key) return;
	const [strong, rest] = box.children[1].children;
	setText(strong, title);
	setText(rest, text);
	box.title = `${title} ${text}`;
}
function state() {
	const {motion} = model.source;
	if (feed.state === "ended") return ["lost", "Ended"];
	if (feed.state === "lost") return ["lost", "Offline"];
	if (!model.ready) return ["unknown", "Connecting"];
	if (view.paused) return ["paused", "Paused"];
	if (model.health?.connection === "lost") return ["lost", "NATS lost"];
	if (view.end != null) return ["paused", "Looking back"];
	if (!isRecording()) return ["well", "Live"];
	return motion === "playing" ? ["well", "Playing"] : ["paused", motion === "ended" ? "Ended" : "Stopped"];
}
export function drawHeader() {
	const [sign, word] = state(), [dot, label] = $("state").children, lost = model.health?.lost || 0, time = $("clock"), live = $("live");
	dot.className = `sign ${sign}`;
	setText(label, word);
	banners();
	if (!model.ready) return;
	setText($("env"), (model.env || "dev").toUpperCase());
	setText($("attention"), model.mode ?? "–");
	setText($("source"), $("source").title = model.source.name ?? "");
	setText($("rate"), rateText(model.health?.rate || 0));
	setText($("lost"), `lost ${lost}`);
	$("lost").className = lost ? "warn" : "muted";
	const now = latest();
	setText(time, clock(now));
	time.title = `${day(now)}, ${utc(now)} (UTC); shown in ${zone()}`;
	$("pause").setAttribute("aria-pressed", String(view.paused));
	$("mark").setAttribute("aria-pressed", String(view.marker != null));
	live.hidden = following();
	if (!live.hidden) setText(live, `Back to now · ${view.missed ? `${view.missed} new` : `${duration(Math.max(0, now - windowEnd()))} behind`}`);
	$("player").hidden = !isRecording();
	setText($("play"), model.source.motion === "playing" ? "Stop" : "Play");
	$("from-here").hidden = following();
	setText($("speed"), `×${model.source.speed || 1}`);
}

function lost(seconds) {
	const {refusal, since, retryAt} = feed, title = refusal ? `The server refuses this tab: ${refusal.message}.` : `Server not reached for ${seconds(Date.now() - since)} s.`;
	const shown = model.ready && `Shown: what was known at ${clock(model.frozen ?? model.lastAt)}.`, next = `Next try in ${seconds(retryAt - Date.now())} s.`;
	banner("lost", true, title, [refusal?.remedy && `${refusal.remedy}.`, shown, next].filter(Boolean).join(" "), ["Try now", retry]);
}

function banners() {
	const seconds = (ms) => Math.max(0, Math.round(ms / 1000)), {health} = model, again = () => location.assign(following() ? "/" : address());
	if (feed.state === "ended") banner("ended", true, NOTICES.ended, "The page shows what was known.", ["Enter again", again]);
	else if (feed.state === "lost") lost(seconds);
	else if (health?.connection === "lost") banner("nats", true, `NATS not reached for ${seconds(Date.now() - (health.since ?? Date.now()))} s.`, "The server connects again by itself; shown is what was known.");
	else if (model.behind > 1) banner("behind", false, `This tab is behind: 1 wave in ${model.behind} is drawn.`, "Every opening, collapse and decision is shown.");
	else banner(null);
}

export function play() {
	const {motion, speed, start} = model.source;
	if (!isRecording()) return;
	if (motion === "ended") seek(start);
	send(motion === "playing" ? {stop: true} : {play: speed || 1});
}
export const seek = (moment) => send({seek: moment});
export function playFrom(moment) {
	seek(moment);
	send({play: model.source.speed || 1});
}
// A recording that is stopped keeps the speed for when it is played.
export function speedUp(factor) {
	const {source} = model, speed = Math.min(64, Math.max(0.125, (source.speed || 1) * factor));
	if (!isRecording()) return;
	source.speed = speed;
	if (source.motion === "playing") send({play: speed});
	drawHeader();
}
export function toast(text) {
	const box = $("toast");
	box.replaceChildren(bdi(text));
	box.hidden = false;
	clearTimeout(hide);
	hide = setTimeout(() => {box.hidden = true}, 4000);
}

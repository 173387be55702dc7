// The socket: frames in order, acknowledged, resumed.
import {model, take, takeWaves} from "./model.js";
import {ask} from "./http.js";

const ACK = 100, SILENT = 15000, WAITS = [500, 1000, 2000, 4000, 5000], WAVES = 1, MERGED = 2, PACKED = 3;
// `refusal`: why the server takes no connection of this tab, where it answers at all.
export const feed = {state: "connecting", since: 0, retryAt: 0, refusal: null};
export const offline = () => feed.state === "lost" || feed.state === "ended";

let socket = null, seq = 0, acked = 0, ackAt = 0, ackTimer = 0, heardAt = 0, tries = 0, timer = 0, gaps = false, onState = () => {}, chain = null;

function acknowledge() {
	clearTimeout(ackTimer);
	ackTimer = 0;
	if (seq === acked) return;
	ackAt = performance.now();
	send({ack: acked = seq});
}

function taken(n) {
	seq = n;
	tries = 0;
	const wait = ackAt + ACK - performance.now();
	if (wait <= 0 || document.hidden) acknowledge();
	else ackTimer ||= setTimeout(acknowledge, wait);
}

// Takes the frame with a number, each once and in order. Of a tab that is hidden or behind, waves are left out or merged: until they come one
// by one again, numbers are missing.
function numbered(n, kind, run) {
	if (kind !== "snapshot") {
		if (n < seq || n === seq && kind !== MERGED) return;
		if (n > seq + 1 && !gaps) throw new Error(`frame ${n} follows ${seq}`);
	}
	if (kind === WAVES || kind === "snapshot") gaps = document.hidden;
	safely(run);
	taken(n);
}

// A fault in drawing one frame is reported and keeps no later frame away.
function safely(run) {
	try {run()} catch (error) {console.error(error)}
}

function json(m) {
	if (m.k === "behind" && m.n > 1) gaps = true;
	if (m.seq == null) safely(() => take(m));
	else numbered(m.seq, m.k, () => take(m));
}

function message(data, from) {
	if (typeof data === "string") return json(JSON.parse(data));
	const view = new DataView(data), kind = view.getUint8(0);
	if (kind === WAVES || kind === MERGED) return numbered(view.getUint32(4, true), kind, () => takeWaves(view));
	if (kind !== PACKED) throw new Error(`a frame of type ${kind}`);
	const stream = new Blob([new Uint8Array(data, 1)]).stream().pipeThrough(new DecompressionStream("gzip"));
	return new Response(stream).json().then((m) => {if (from === socket) json(m)});
}

// While a packed frame is being opened, later ones wait, so that the order stays. After one that is not understood the page begins again.
function arrive(data, from) {
	const run = () => (from === socket ? message(data, from) : null), failed = (error) => {
		if (from !== socket) return;
		console.warn("The page begins again:", error);
		seq = 0;
		leave();
	};
	heardAt = performance.now();
	try {
		const next = chain ? chain.then(run) : run();
		if (!next) return;
		const own = chain = next.catch(failed).finally(() => {if (chain === own) chain = null});
	} catch (error) {failed(error)}
}

function set(state) {
	if (feed.state !== state) {feed.state = state; feed.since = Date.now()}
	onState();
}

function connect() {
	clearTimeout(timer);
	const url = new URL("/feed", location.href);
	url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
	if (model.boot != null && seq) url.searchParams.set("after", `${model.boot}.${seq}`);
	const own = socket = new WebSocket(url);
	own.binaryType = "arraybuffer";
	chain = null;
	heardAt = performance.now();
	let opened = false;
	own.onopen = () => {
		opened = true;
		acked = 0;
		model.behind = 1;
		feed.refusal = null;
		gaps = document.hidden;
		send({hidden: document.hidden});
		set("connected");
	};
	own.onmessage = (event) => {if (own === socket) arrive(event.data, own)};
	own.onclose = (event) => {if (own === socket) closed(event.code, opened)};
}

async function closed(code, opened) {
	socket = null;
	if (code === 4401) return set("ended");
	const wait = WAITS[Math.min(tries++, WAITS.length - 1)], own = timer = setTimeout(connect, wait);
	feed.retryAt = Date.now() + wait;
	set("lost");
	if (opened) return;
	// A refused handshake shows no status: a request does.
	const answer = await ask("/").catch((error) => error);
	if (socket || own !== timer) return;
	feed.refusal = answer.status === 200 ? new Error("it answers, but opens no connection") : answer.status ? answer : null;
	if (answer.status !== 401) return onState();
	clearTimeout(timer);
	set("ended");
}

function leave() {
	const old = socket;
	socket = null;
	old.close();
	closed(0, true);
}

export function send(message) {
	if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
export function retry() {if (!socket && feed.state !== "ended") connect()}

export function start(changed) {
	onState = changed;
	document.addEventListener("visibilitychange", () => {gaps ||= document.hidden; send({hidden: document.hidden})});
	addEventListener("online", retry);
	setInterval(() => {
		if (socket && performance.now() - heardAt >= SILENT) leave();
	}, 1000);
	connect();
}

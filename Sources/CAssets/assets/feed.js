// The socket: frames in order, acknowledged, resumed.
import {model, take, takeWaves} from "./model.js";

const ACK = 100, SILENT = 15000, WAITS = [500, 1000, 2000, 4000, 5000];
export const feed = {state: "connecting", since: 0, retryAt: 0};

let socket = null, seq = 0, acked = 0, ackAt = 0, ackTimer = 0, heardAt = 0, tries = 0, timer = 0, onState = () => {}, chain = null;

function acknowledge() {
	clearTimeout(ackTimer);
	ackTimer = 0;
	if (seq === acked) return;
	ackAt = performance.now();
	send({ack: acked = seq});
}

function taken(n) {
	if (n == null) return;
	seq = n;
	const wait = ackAt + ACK - performance.now();
	if (wait <= 0 || document.hidden) acknowledge();
	else ackTimer ||= setTimeout(acknowledge, wait);
}

function json(m) {
	// A fault in drawing one frame is reported and keeps no later frame away.
	try {take(m)} catch (error) {console.error(error)}
	taken(m.seq);
}

function message(data) {
	if (typeof data === "string") return json(JSON.parse(data));
	if (new Uint8Array(data, 0, 1)[0] !== 3) return taken(takeWaves(data));
	const stream = new Blob([new Uint8Array(data, 1)]).stream().pipeThrough(new DecompressionStream("gzip"));
	return new Response(stream).json().then(json);
}

// While a packed frame is being opened, later ones wait, so that the order stays.
function arrive(data, from) {
	if (from !== socket) return;
	heardAt = performance.now();
	const next = chain ? chain.then(() => from === socket && message(data)) : message(data);
	if (!next) return;
	const own = chain = next.catch((error) => console.error("a frame was not understood:", error)).finally(() => {if (chain === own) chain = null});
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
	own.onopen = () => {opened = true; tries = 0; acked = 0; model.behind = 1; send({hidden: document.hidden}); set("connected")};
	own.onmessage = (event) => arrive(event.data, own);
	own.onclose = (event) => {if (own === socket) closed(event.code, opened)};
}

async function closed(code, opened) {
	socket = null;
	if (code === 4401) return set("ended");
	const wait = WAITS[Math.min(tries++, WAITS.length - 1)];
	feed.retryAt = Date.now() + wait;
	set("lost");
	timer = setTimeout(connect, wait);
	// A refused handshake shows no status: a request does.
	if (opened || (await fetch("/history?from=0&to=1&columns=1").catch(() => null))?.status !== 401) return;
	clearTimeout(timer);
	set("ended");
}

export function send(message) {
	if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
export function retry() {if (!socket && feed.state !== "ended") connect()}

export function start(changed) {
	onState = changed;
	document.addEventListener("visibilitychange", () => send({hidden: document.hidden}));
	addEventListener("online", retry);
	setInterval(() => {
		if (!socket || performance.now() - heardAt < SILENT) return;
		const old = socket;
		socket = null;
		old.close();
		closed(0, true);
	}, 1000);
	connect();
}

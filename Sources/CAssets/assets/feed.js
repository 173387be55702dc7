// The socket: frames in order, acknowledged, resumed after a loss.
import { model, take, takeWaves } from "./model.js";

const ACK = 100, SILENT = 15000, WAITS = [500, 1000, 2000, 4000, 5000];
export const feed = { state: "connecting", since: 0, retryAt: 0, lastHeard: 0, ended: false };

let socket = null, seq = 0, acked = 0, ackAt = 0, tries = 0, timer = 0, watch = 0, onState = () => {}, chain = null;

async function unpack(buffer) {
  const stream = new Blob([new Uint8Array(buffer, 1)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function taken(n) {
  if (n == null) return;
  seq = n;
  const now = performance.now();
  if (seq !== acked && now - ackAt >= ACK) { ackAt = now; acked = seq; send({ ack: seq }); }
}

function json(m) { take(m); taken(m.seq); }

function message(data) {
  if (typeof data === "string") return json(JSON.parse(data));
  const type = new Uint8Array(data, 0, 1)[0];
  if (type === 1 || type === 2) return taken(takeWaves(data));
  if (type === 3) return unpack(data).then(json);
}

// While a packed frame is being opened, later ones wait, so that the order stays.
function arrive(data, from) {
  if (from !== socket) return;
  feed.lastHeard = performance.now();
  if (chain) { chain = chain.then(() => message(data)); settle(chain); return; }
  const pending = message(data);
  if (pending) { chain = pending; settle(chain); }
}
function settle(own) {
  own.catch((error) => { console.error("a frame was not understood:", error); socket?.close(); })
    .finally(() => { if (chain === own) chain = null; });
}

function set(state) {
  if (feed.state !== state) { feed.state = state; feed.since = Date.now(); }
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
  feed.lastHeard = performance.now();
  own.onopen = () => { tries = 0; acked = 0; send({ hidden: document.hidden }); set("connected"); };
  own.onmessage = (event) => arrive(event.data, own);
  own.onclose = (event) => { if (own === socket) closed(event.code); };
}

function closed(code) {
  socket = null;
  if (code === 4401) { feed.ended = true; set("ended"); return; }
  const wait = WAITS[Math.min(tries++, WAITS.length - 1)];
  feed.retryAt = Date.now() + wait;
  set("lost");
  timer = setTimeout(connect, wait);
}

export function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Connects now instead of at the next try. */
export function retry() { if (!socket && !feed.ended) connect(); }

export function start(changed) {
  onState = changed;
  document.addEventListener("visibilitychange", () => send({ hidden: document.hidden }));
  addEventListener("online", retry);
  watch = setInterval(() => {
    if (!socket || performance.now() - feed.lastHeard < SILENT) return;
    const old = socket;
    socket = null;
    old.close();
    closed(0);
  }, 1000);
  connect();
}

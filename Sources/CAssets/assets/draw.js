// Canvas helpers.

const names = ["text", "muted", "faint", "open", "closed", "warn", "focus", "on-focus", "nervous", "cognitive", "organs", "federation", "pane", "raised", "line"];
export const ink = {};

export function readInk() {
	const probe = document.createElement("i");
	document.body.append(probe);
	probe.style.forcedColorAdjust = "none";
	const style = getComputedStyle(probe);
	for (const name of names) {probe.style.color = `var(--${name})`; ink[name] = style.color}
	ink.onFocus = ink["on-focus"];
	probe.remove();
	fitted.clear();
}

export const stateInk = (state) => (state === "OPEN" ? ink.open : state === "CLOSED" ? ink.closed : ink.muted);

// Sizes a canvas in device pixels and puts it on whole ones: a pane may begin and end between them.
export function fit(canvas, width, height, left = 0, k = Math.min(3, devicePixelRatio || 1)) {
	const w = Math.round(width * k), h = Math.round(height * k), box = canvas.parentNode.getBoundingClientRect(), snap = (v) => Math.round(v * k) / k - v;
	Object.assign(canvas.style, {width: `${w / k}px`, height: `${h / k}px`, left: `${left + snap(box.left)}px`, top: `${snap(box.top)}px`});
	if (canvas.width !== w) canvas.width = w;
	if (canvas.height !== h) canvas.height = h;
	ratios.set(canvas, k);
}

// Device pixels in a CSS pixel, of each canvas: the screen's may have changed since it was sized.
const ratios = new WeakMap();
export let ctx;

export function begin(canvas, clear = true) {
	ctx = canvas.getContext("2d");
	if (clear) {
		ctx.setTransform(1, 0, 0, 1, 0, 0);
		ctx.clearRect(0, 0, canvas.width, canvas.height);
	}
	const k = ratios.get(canvas);
	ctx.setTransform(k, 0, 0, k, 0, 0);
	ctx.textBaseline = "middle";
	ctx.lineJoin = "round";
}

const family = "Inter, system-ui, sans-serif";
export const font = (size, weight = 400) => `${weight} ${size}px ${family}`;

const fitted = new Map(), widths = new Map();
function remembered(map, text, find) {
	const key = `${ctx.font}|${text}`;
	if (map.size > 3000) map.clear();
	if (!map.has(key)) map.set(key, find());
	return map.get(key);
}
export const textWidth = (text) => remembered(widths, text, () => ctx.measureText(text).width);

// The text, cut with an ellipsis so that it takes at most `width` pixels in the context's font.
export const fitText = (text, width) => remembered(fitted, `${Math.round(width)}|${text}`, () => {
	if (ctx.measureText(text).width <= width) return text;
	const letters = Array.from(text), cut = () => `${letters.join("").trimEnd()}…`;
	while (letters.length && ctx.measureText(cut()).width > width) letters.pop();
	return letters.length ? cut() : "";
});

export function fill(colour, shape, alpha = 1) {
	ctx.globalAlpha = alpha;
	ctx.fillStyle = colour;
	ctx.beginPath();
	shape();
	ctx.fill();
	ctx.globalAlpha = 1;
}
// Squares around points x, y, x, y…, each by itself: hundreds of them in one path take longer.
export function blocks(colour, alpha, points, r) {
	ctx.globalAlpha = alpha;
	ctx.fillStyle = colour;
	for (let i = 0; i < points.length; i += 2) ctx.fillRect(points[i] - r, points[i + 1] - r, 2 * r, 2 * r);
	ctx.globalAlpha = 1;
}
export function stroke(colour, width, shape, alpha = 1, dash = []) {
	ctx.globalAlpha = alpha;
	ctx.strokeStyle = colour;
	ctx.lineWidth = width;
	ctx.setLineDash(dash);
	ctx.beginPath();
	shape();
	ctx.stroke();
	ctx.globalAlpha = 1;
	ctx.setLineDash([]);
}
export function poly(...points) {points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)))}

// The sign of a state, centred: ▲ open, ─ stable, ■ closed.
export function sign(state, x, y, colour, size = 8) {
	const r = size / 2;
	fill(colour, () => {
		if (state === "OPEN") poly([x, y - r], [x + r * 1.1, y + r * 0.9], [x - r * 1.1, y + r * 0.9]);
		else if (state === "CLOSED") ctx.rect(x - r, y - r, size, size);
		else ctx.rect(x - r, y - 0.8, size, 1.6);
	});
}

export function diamond(x, y, r) {
	poly([x, y - r], [x + r, y], [x, y + r], [x - r, y]);
	ctx.closePath();
}

export function write(text, x, y, colour, size = 11, weight = 400, align = "left", width = 0) {
	ctx.font = font(size, weight);
	ctx.fillStyle = colour;
	ctx.textAlign = align;
	ctx.fillText(width ? fitText(text, width) : text, x, y);
}

// A wave comes with 15 bits and a state with its digits: both round to the same.
const hundredths = (v) => Math.abs(Math.round(v * 1e4) / 1e4).toFixed(2);
export function signed(v) {
	if (v == null) return "–";
	const text = hundredths(v);
	return text === "0.00" ? text : v < 0 ? `−${text}` : `+${text}`;
}
export const plain = (v) => (v == null ? "–" : v < -0.004 ? `−${hundredths(v)}` : hundredths(v));

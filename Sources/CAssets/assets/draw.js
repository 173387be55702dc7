// Canvas helpers: colours from the style sheet, sharp canvases, text that fits, signs as paths.

const names = ["text", "muted", "faint", "open", "closed", "warn", "focus", "on-focus", "nervous", "cognitive", "organs", "federation", "pane", "raised", "line"];
export const ink = {};

/** Reads the colours of the present theme, environment and contrast mode. */
export function readInk() {
	const probe = document.createElement("i");
	document.body.append(probe);
	probe.style.forcedColorAdjust = "none";
	const style = getComputedStyle(probe);
	for (const name of names) {probe.style.color = `var(--${name})`; ink[name] = style.color;}
	ink.onFocus = ink["on-focus"];
	ink.light = matchMedia("(forced-colors: active)").matches ? 1 : luminance(ink.pane) > 0.5 ? 1 : 0;
	probe.remove();
	fitted.clear();
}

function luminance(colour) {
	const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
	return (0.3 * r + 0.6 * g + 0.1 * b) / 255;
}

export const stateInk = (state) => (state === "OPEN" ? ink.open : state === "CLOSED" ? ink.closed : ink.muted);

/** Gives a canvas its size in device pixels; true when it changed (and is empty now). */
export function fit(canvas, width, height) {
	const ratio = Math.min(3, devicePixelRatio || 1), w = Math.round(width * ratio), h = Math.round(height * ratio);
	if (canvas.width === w && canvas.height === h) return false;
	canvas.width = w;
	canvas.height = h;
	return true;
}

export function begin(canvas, clear = true) {
	const ctx = canvas.getContext("2d"), ratio = Math.min(3, devicePixelRatio || 1);
	ctx.setTransform(1, 0, 0, 1, 0, 0);
	if (clear) ctx.clearRect(0, 0, canvas.width, canvas.height);
	ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
	ctx.globalAlpha = 1;
	ctx.textBaseline = "middle";
	ctx.lineCap = "butt";
	ctx.lineJoin = "round";
	return ctx;
}

const family = "Inter, system-ui, sans-serif";
export const font = (size, weight = 400) => `${weight} ${size}px ${family}`;

const fitted = new Map();
/** The text, cut with an ellipsis so that it takes at most `width` pixels in the context's font. */
export function fitText(ctx, text, width) {
	if (!text) return "";
	const key = `${ctx.font}|${Math.round(width)}|${text}`;
	let out = fitted.get(key);
	if (out === undefined) {
		out = text;
		if (ctx.measureText(text).width > width) {
			const letters = Array.from(text);
			let low = 0, high = letters.length;
			while (low < high) {
				const mid = (low + high + 1) >> 1;
				if (ctx.measureText(letters.slice(0, mid).join("").trimEnd() + "…").width <= width) low = mid;
				else high = mid - 1;
			}
			out = low ? letters.slice(0, low).join("").trimEnd() + "…" : "";
		}
		if (fitted.size > 3000) fitted.clear();
		fitted.set(key, out);
	}
	return out;
}

const widths = new Map();
export function textWidth(ctx, text) {
	const key = `${ctx.font}|${text}`;
	let width = widths.get(key);
	if (width === undefined) {
		if (widths.size > 3000) widths.clear();
		widths.set(key, width = ctx.measureText(text).width);
	}
	return width;
}

/** Fills what `shape` draws, in one path. */
export function fill(ctx, colour, shape, alpha = 1) {
	ctx.globalAlpha = alpha;
	ctx.fillStyle = colour;
	ctx.beginPath();
	shape(ctx);
	ctx.fill();
	ctx.globalAlpha = 1;
}

/** Strokes what `shape` draws, in one path. */
export function stroke(ctx, colour, width, shape, alpha = 1, dash = []) {
	ctx.globalAlpha = alpha;
	ctx.strokeStyle = colour;
	ctx.lineWidth = width;
	ctx.setLineDash(dash);
	ctx.beginPath();
	shape(ctx);
	ctx.stroke();
	ctx.globalAlpha = 1;
	ctx.setLineDash([]);
}

/** A polyline through `[x, y]` pairs. */
export function poly(ctx, ...points) {points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));}

/** The sign of a state, centred: ▲ open, ─ stable, ■ closed. */
export function sign(ctx, state, x, y, colour, size = 8) {
	const r = size / 2;
	fill(ctx, colour, () => {
		if (state === "OPEN") poly(ctx, [x, y - r], [x + r * 1.1, y + r * 0.9], [x - r * 1.1, y + r * 0.9]);
		else if (state === "CLOSED") ctx.rect(x - r, y - r, size, size);
		else ctx.rect(x - r, y - 0.8, size, 1.6);
	});
}

export function diamond(ctx, x, y, r) {
	poly(ctx, [x, y - r], [x + r, y], [x, y + r], [x - r, y]);
	ctx.closePath();
}

/** Writes one line of text, centred in height on `y`, cut to `width` when one is given. */
export function write(ctx, text, x, y, colour, size = 11, weight = 400, align = "left", width = 0) {
	ctx.font = font(size, weight);
	ctx.fillStyle = colour;
	ctx.textAlign = align;
	ctx.fillText(width ? fitText(ctx, text, width) : text, x, y);
}

/** A number with a sign and the typographic minus, two digits. */
export function signed(v) {
	const text = Math.abs(v).toFixed(2);
	return text === "0.00" ? text : v < 0 ? `−${text}` : `+${text}`;
}
export const plain = (v) => (v == null ? "–" : v < -0.004 ? `−${(-v).toFixed(2)}` : Math.abs(v).toFixed(2));

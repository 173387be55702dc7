// Pointer, wheel and pinch over the scope.
import {view, windowEnd, setCursor, setWindow, zoom, whole, move} from "./view.js";
import {overviewTime, longer, overview} from "./overview.js";

// `on`: `{stage, G(), timeAt(x), spot(x, y, reach), band(x, y), pick(spot), scroll(lanes)}`.
export function startGestures(on) {
	const {stage} = on, touches = new Map(), listen = (type, run) => stage.addEventListener(type, (event) => {
		if (!on.G() || (type !== "pointermove" && event.target.closest("button"))) return;
		const box = stage.getBoundingClientRect();
		run(event, event.clientX - box.left, event.clientY - box.top, on.G());
	}, {passive: false});
	let drag = null, pinch = null;
	const within = (G, x, y) => x >= G.x && x <= G.x + G.w && y >= G.top - 8 && y < G.axis + 8;
	const two = () => {const [a, b] = [...touches.values()]; return {gap: Math.max(20, Math.abs(a[0] - b[0])), x: (a[0] + b[0]) * 0.5, y: (a[1] + b[1]) * 0.5}};
	listen("pointerdown", (event, x, y, G) => {
		if (event.button) return;
		touches.set(event.pointerId, [x, y]);
		stage.setPointerCapture(event.pointerId);
		if (touches.size === 2) {
			const at = two();
			pinch = {...at, span: view.span, t: on.timeAt(at.x), lane: view.lane};
			drag = null;
		} else if (y <= G.axis + 8) drag = {x, y, moved: false, from: view.cursor};
		else if (x < G.x) longer();
		else {
			const t = overviewTime(G, x), end = windowEnd(), edge = overview.span * 0.01, inside = t >= end - view.span - edge && t <= end + edge;
			drag = {grip: inside ? end - t : view.span * 0.5};
			if (!inside) setWindow(view.span, t + view.span / 2);
		}
	});
	listen("pointermove", (event, x, y, G) => {
		if (touches.has(event.pointerId)) touches.set(event.pointerId, [x, y]);
		if (pinch && touches.size === 2) {
			const at = two(), span = (pinch.span * pinch.gap) / at.gap;
			setWindow(span, pinch.t + (1 - (at.x - G.x) / G.w) * span);
			on.scroll(pinch.lane + Math.round((pinch.y - at.y) / G.h) - view.lane);
			return;
		}
		if (drag?.grip != null) return setWindow(view.span, overviewTime(G, x) + drag.grip);
		if (drag && Math.hypot(x - drag.x, y - drag.y) > 5) drag.moved = true;
		// A finger that rests is a tap.
		if (event.pointerType === "touch" && !drag?.moved) return;
		const inside = within(G, x, y);
		setCursor(inside ? on.timeAt(x) : null);
		stage.style.cursor = on.spot(x, y, 12) ? "pointer" : y > G.axis + 8 && x >= G.x ? "grab" : inside ? "crosshair" : "";
	});
	const up = (event, x, y, G) => {
		const touch = event.pointerType === "touch", tap = event.type === "pointerup" && drag?.moved === false, spot = tap && (on.spot(x, y, touch ? 24 : 12) ?? on.band(x, y));
		// A tap sets the cursor, the next one leaves it.
		if (tap && touch && !spot) setCursor(drag.from == null && within(G, x, y) ? on.timeAt(x) : null);
		touches.delete(event.pointerId);
		if (touches.size < 2) pinch = null;
		drag = null;
		if (spot) on.pick(spot);
	};
	listen("pointerup", up);
	listen("pointercancel", up);
	listen("pointerleave", (event) => {if (!drag && event.pointerType !== "touch") setCursor(null)});
	// A tap beside the scope leaves the cursor; one of a button, as of another tab of a phone, keeps it.
	document.addEventListener("pointerdown", ({pointerType, target}) => {if (pointerType === "touch" && !target.closest("#scope-stage, button, input")) setCursor(null)});
	listen("dblclick", (event, x, y, G) => {if (y < G.axis + 8) whole()});
	listen("wheel", (event, x, y, G) => {
		event.preventDefault();
		if (event.shiftKey) on.scroll(Math.sign(event.deltaY || event.deltaX) * 2);
		else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move((event.deltaX / G.w) * view.span);
		// A pinch of a trackpad comes as small steps with Ctrl.
		else zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY * (event.deltaMode ? 16 : 1))) * (event.ctrlKey ? 0.01 : 0.002)), on.timeAt(x));
	});
}

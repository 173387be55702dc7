// One frame loop; it stands still when nothing moves, and does less when frames take long.

export const ladder = {level: 0, labelsEvery: 80, squares: false, budget: 600, halfRate: false, still: false};
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
export const motion = {reduced: reduced.matches};

let draw = () => {}, live = () => false, handle = 0, timer = 0, slow = 0, quick = 0, odd = false, last = 0;

function step(level) {
	Object.assign(ladder, {
		level, labelsEvery: level >= 1 ? 250 : 80, squares: level >= 2, budget: level >= 3 ? 200 : 600, halfRate: level >= 4, still: level >= 5,
	});
}

function judge(took, at) {
	const gap = Math.min(100, at - last);
	if (took > 12) {slow += gap; quick = 0} else {slow = 0; quick = took < 6 ? quick + gap : 0}
	if (slow > 1000 && ladder.level < 5) {step(ladder.level + 1); slow = 0}
	if (quick > 10000 && ladder.level > 0) {step(ladder.level - 1); quick = 0}
}

function frame(at) {
	handle = 0;
	if (document.hidden) return;
	odd = !odd;
	// A frame that is left out is made up for by the next, also where nothing moves.
	if (ladder.halfRate && odd) return next();
	const start = performance.now();
	draw(at);
	judge(performance.now() - start, at);
	last = at;
	if (live()) next();
}

function next() {
	if (!motion.reduced) redraw();
	else if (!handle && !timer && !document.hidden) timer = setTimeout(redraw, 500);
}
export function redraw() {
	clearTimeout(timer);
	timer = 0;
	if (!handle && !document.hidden) handle = requestAnimationFrame(frame);
}

export function startLoop(drawAll, isLive) {
	draw = drawAll;
	live = isLive;
	document.addEventListener("visibilitychange", redraw);
	reduced.addEventListener("change", () => {motion.reduced = reduced.matches; redraw()});
	redraw();
}

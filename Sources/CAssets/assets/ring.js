// The last 30 minutes: least and greatest value a cell and 100 ms.

export const SLOT = 100;
export const SLOTS = 18000;
export const EMPTY = -128;

const state = {head: -1, oldest: Infinity, cells: [], gates: [], first: [], count: new Uint16Array(SLOTS)};

export function addCell() {
	state.cells.push({min: new Int8Array(SLOTS).fill(EMPTY), max: new Int8Array(SLOTS).fill(EMPTY)});
}
export function addGate() {
	state.gates.push(new Int8Array(SLOTS).fill(EMPTY));
	state.first.push(Infinity);
}
export const slotOf = (t) => Math.floor(t / SLOT);
export const head = () => state.head;

export const tail = () => state.head - SLOTS + 1;

export function advance(slot) {
	if (slot <= state.head) return;
	const from = state.head < 0 ? slot - SLOTS + 1 : Math.max(state.head + 1, slot - SLOTS + 1);
	const a = from % SLOTS, b = slot % SLOTS, all = slot - from >= SLOTS - 1;
	const clear = (array, value) => {
		if (all) array.fill(value);
		else if (a <= b) array.fill(value, a, b + 1);
		else {array.fill(value, a); array.fill(value, 0, b + 1)}
	};
	for (const cell of state.cells) {clear(cell.min, EMPTY); clear(cell.max, EMPTY)}
	for (const gate of state.gates) clear(gate, EMPTY);
	clear(state.count, 0);
	state.head = slot;
}
export function reset() {
	state.head = -1;
	for (const cell of state.cells) {cell.min.fill(EMPTY); cell.max.fill(EMPTY)}
	for (const gate of state.gates) gate.fill(EMPTY);
	state.first.fill(Infinity);
	state.count.fill(0);
}

export function put(cell, t, low, high, waves) {
	const slot = slotOf(t);
	if (slot > state.head) advance(slot);
	else if (slot < tail()) return;
	if (slot < state.oldest) state.oldest = slot;
	const i = slot % SLOTS, ring = state.cells[cell];
	const a = Math.round(low * 127), b = Math.round(high * 127);
	if (ring.min[i] === EMPTY) {ring.min[i] = a; ring.max[i] = b}
	else {if (a < ring.min[i]) ring.min[i] = a; if (b > ring.max[i]) ring.max[i] = b}
	if (waves) state.count[i] += waves;
}

export function putGate(gate, t, x) {
	const slot = slotOf(t);
	if (slot > state.head) advance(slot);
	else if (slot < tail()) return;
	state.gates[gate][slot % SLOTS] = Math.round(Math.max(-1, Math.min(1, x)) * 127);
	if (slot < state.first[gate]) state.first[gate] = slot;
}

// Whether a gate without a potential near `t` was at rest then: since its first one, or always where none was ever reported.
export const rested = (gate, t) => slotOf(t) >= tail() && (state.first[gate] === Infinity || slotOf(t) >= state.first[gate]);

// The oldest time written since it was last asked for.
export function takeOldest() {
	const t = state.oldest * SLOT;
	state.oldest = Infinity;
	return t;
}

export const countAt = (slot) => (slot >= tail() && slot <= state.head ? state.count[slot % SLOTS] : 0);
export const series = (cell) => state.cells[cell];

// The coarse window that is held for times before the ring: `{from, to, columns, step, cells: Map slot → {min, max}}`.
export const far = {shot: null, note: ""};

// The signed confidence of a cell at `t`, at most `reach` ms old; null when it sent nothing.
export function cellAt(cell, t, reach = 5000) {
	const old = slotOf(t) < tail() && far.shot, held = old ? old.cells.get(cell) : state.cells[cell], step = old ? old.step : SLOT;
	for (let s = old ? Math.floor((t - old.from) / step) : Math.min(slotOf(t), state.head), end = Math.max(old ? 0 : tail(), s - Math.max(2, reach / step)); held && s >= end; s--) {
		const i = old ? s : s % SLOTS, low = held.min[i], high = held.max[i];
		if (high !== EMPTY && high !== undefined) return (Math.abs(low) > Math.abs(high) ? low : high) / 127;
	}
	return null;
}

export function gateAt(gate, t, reach) {
	for (let s = Math.min(slotOf(t), state.head), end = Math.max(tail(), s - reach / SLOT); s >= end; s--) {
		const x = state.gates[gate][s % SLOTS];
		if (x !== EMPTY) return {x: x / 127, t: s * SLOT};
	}
	return null;
}

// Building elements. Foreign text enters only as text, inside <bdi>.

/** `h("p.muted", {title: "…"}, "text", child)`: classes after dots, properties and attributes, children. */
export function h(tag, ...children) {
	const props = children[0]?.constructor === Object ? children.shift() : null;
	const [name, ...classes] = tag.split(".");
	const element = document.createElement(name);
	if (classes.length) element.className = classes.join(" ");
	for (const [key, value] of Object.entries(props ?? {})) {
		if (value == null || value === false) continue;
		if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
		else if (key in element && typeof value !== "string") element[key] = value;
		else element.setAttribute(key, value === true ? "" : value);
	}
	element.append(...children.flat().filter((c) => c != null && c !== false));
	return element;
}

export const bdi = (text) => h("bdi", String(text ?? ""));

export function svg(tag, attributes, ...children) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [key, value] of Object.entries(attributes ?? {})) element.setAttribute(key, value);
	element.append(...children.filter(Boolean));
	return element;
}

/** Sets text only when it differs, so that nothing is laid out again for nothing. */
export function setText(element, text) {if (element.textContent !== text) element.textContent = text;}
export const $ = (id) => document.getElementById(id);

// Elements. Foreign text enters only as text, inside <bdi>.

// `h("p.muted", {title: "…"}, "text", child, [more])`: classes after dots, then properties, attributes and listeners.
export function h(tag, ...children) {
	const props = children[0]?.constructor === Object ? children.shift() : {}, [name, ...classes] = tag.split("."), element = document.createElement(name);
	if (classes.length) element.className = classes.join(" ");
	for (const [key, value] of Object.entries(props)) {
		if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
		else if (typeof value === "boolean") element[key] = value;
		else element.setAttribute(key, value);
	}
	element.append(...children.flat(3).filter((c) => c != null && c !== false));
	return element;
}

export const bdi = (text) => h("bdi", String(text ?? ""));

export function svg(tag, attributes, ...children) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
	element.append(...children.filter(Boolean));
	return element;
}

export function setText(element, text) {if (element.textContent !== text) element.textContent = text}
export const root = document.documentElement;
export const $ = (id) => document.getElementById(id);

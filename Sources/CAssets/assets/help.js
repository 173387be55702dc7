// The overlay of keys.
import {h, $} from "./dom.js";
import {KEYS, POINTER} from "./keys.js";

export function openHelp() {
	const dialog = $("keys");
	if (dialog.open) return;
	const keys = (text) => text.split(/ +/).flatMap((key, i) => [i ? " " : "", h("kbd", key)]);
	const list = (title, rows, shown) => h("section", h("h3", title), h("dl", ...rows.map(([name, text]) => h("div", h("dt", shown(name)), h("dd.muted", text)))));
	dialog.replaceChildren(
		h("div.top", h("h2", {id: "keys-h"}, "Keys"), h("form", {method: "dialog"}, h("button.small", {type: "submit", "aria-label": "Close"}, "Close"))),
		h("div.keys", ...KEYS.map(([title, rows]) => list(title, rows, keys)), list("Pointer", POINTER, (text) => text)));
	dialog.showModal();
}

// The overlay of keys.
import {h, $} from "./dom.js";
import {KEYS, POINTER} from "./keys.js";

export function openHelp() {
	const dialog = $("keys");
	if (dialog.open) return;
	const list = (title, rows) => h("section", h("h3", title), h("dl", ...rows.map(([keys, text]) => h("div", h("dt", ...keys.split(" ").flatMap((k, i) => [i ? " " : "", /^[^\w]$|^\w$|^(Home|End|Space|Esc|Tab|Enter|PgUp|PgDn)$/.test(k) ? h("kbd", k) : k])), h("dd.muted", text)))));
	dialog.replaceChildren(
		h("div.top", h("h2", {id: "keys-h"}, "Keys"), h("form", {method: "dialog"}, h("button.small", {type: "submit", "aria-label": "Close"}, "Close"))),
		h("div.keys", ...KEYS.map(([title, rows]) => list(title, rows)), list("Pointer", POINTER)));
	dialog.showModal();
}

// The overlay of keys.
import { h, $ } from "./dom.js";
import { KEYS, POINTER } from "./keys.js";

export function openHelp() {
  const dialog = $("keys");
  if (dialog.open) return;
  const list = (title, rows) => h("section", null, h("h3", null, title), h("dl", null, ...rows.map(([keys, text]) => h("div", null, h("dt", null, ...keys.split(" ").flatMap((k, i) => [i ? " " : "", /^[^\w]$|^\w$|^(Home|End|Space|Esc|Tab|Enter|PgUp|PgDn)$/.test(k) ? h("kbd", null, k) : k])), h("dd.muted", null, text)))));
  dialog.replaceChildren(
    h("div.top", null, h("h2", { id: "keys-h" }, "Keys"), h("form", { method: "dialog" }, h("button.small", { type: "submit", "aria-label": "Close" }, "Close"))),
    h("div.keys", null, ...KEYS.map(([title, rows]) => list(title, rows)), list("Pointer", POINTER)));
  dialog.showModal();
}

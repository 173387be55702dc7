// Evaluated in the page: what a person who sees little, or uses no pointer, would stumble over. Returns texts, one a fault.
(options) => {
  const faults = [];
  const visible = (e) => {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    return e.checkVisibility() && style.visibility !== "hidden" && box.width > 0 && box.height > 0;
  };
  const name = (e) => {
    const text = (id) => document.getElementById(id)?.textContent ?? "";
    const labelled = e.getAttribute("aria-labelledby");
    const shown = (n) => n.nodeType === 3 ? n.data : n.nodeType !== 1 || n.getAttribute("aria-hidden") === "true" || n.hidden ? "" : n.getAttribute("aria-label") ?? [...n.childNodes].map(shown).join("");
    return (labelled ? labelled.split(/\s+/).map(text).join(" ") : e.getAttribute("aria-label") ?? (e.labels?.length ? [...e.labels].map((l) => l.textContent).join(" ") : "") )?.trim()
      || (/^(INPUT|TEXTAREA|SELECT|CANVAS|SECTION|NAV|DIALOG)$/.test(e.tagName) ? "" : shown(e).trim()) || (e.title ?? "").trim();
  };
  const words = (e) => `<${e.tagName.toLowerCase()}${e.id ? ` id=${e.id}` : ""}${e.className?.baseVal === undefined && e.className ? ` class=${e.className}` : ""}> ${(e.textContent ?? "").trim().slice(0, 40)}`;
  const fault = (what, e) => faults.push(`${what}${e ? `: ${words(e)}` : ""}`);

  // The document.
  if (document.documentElement.lang !== "en") fault("html has no language");
  if (!document.title.trim()) fault("no title");
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((e) => e.checkVisibility());
  if (document.querySelectorAll("h1").length !== 1) fault(`expected one h1, found ${document.querySelectorAll("h1").length}`);
  let level = headings[0]?.tagName === "H1" || options.phone ? 1 : 0;
  for (const e of headings) {
    const own = Number(e.tagName[1]);
    if (own > level + 1) fault(`a heading of level ${own} follows one of level ${level}`, e);
    if (!e.textContent.trim()) fault("an empty heading", e);
    level = own;
  }
  const ids = new Set();
  for (const e of document.querySelectorAll("[id]")) { if (ids.has(e.id)) fault("an id twice", e); ids.add(e.id); }
  for (const e of document.querySelectorAll("[aria-labelledby], [aria-controls], [aria-describedby]")) {
    if (!e.checkVisibility()) continue;
    for (const a of ["aria-labelledby", "aria-controls", "aria-describedby"]) for (const id of (e.getAttribute(a) ?? "").split(/\s+/).filter(Boolean)) if (!ids.has(id)) fault(`${a} names ${id}, which is not there`, e);
  }

  // Landmarks.
  for (const landmark of ["main", "header"]) if (document.querySelectorAll(landmark).length !== 1) fault(`expected one ${landmark}`);
  for (const e of document.querySelectorAll("main > section, nav, dialog[open], [role=region], [role=group], [role=tablist]")) if (e.checkVisibility() && !name(e)) fault("a section without a name", e);
  const loose = [...document.body.children].filter((e) => visible(e) && !e.matches("header, main, nav, footer, dialog, script, a.skip, [aria-live], [role=status], [role=alert]"));
  for (const e of loose) fault("content outside of every landmark", e);
  for (const e of document.querySelectorAll("ul, ol")) for (const c of e.children) if (c.tagName !== "LI") fault("a list holds something else than items", c);
  for (const e of document.querySelectorAll("canvas")) if (e.getAttribute("aria-hidden") !== "true" && !name(e)) fault("a canvas that is neither hidden nor named", e);
  for (const e of document.querySelectorAll("svg")) if (e.getAttribute("aria-hidden") !== "true" && !e.closest("[aria-hidden=true]") && !e.getAttribute("aria-label") && e.getAttribute("role") !== "presentation") fault("a drawing that is neither hidden nor named", e.parentElement);
  if (!document.querySelector("[aria-live=polite]")) fault("no live region");
  for (const e of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) if (e.closest("[aria-hidden=true]")) fault("a live region that is hidden", e);

  // What is acted with.
  const acting = "a[href], button, input, select, textarea, summary, [tabindex], [role=button], [role=tab], [role=slider], [contenteditable]";
  for (const e of document.querySelectorAll(acting)) {
    if (!e.checkVisibility()) continue;
    if (e.closest("[aria-hidden=true]")) fault("can be focused, and is hidden from a screen reader", e);
    if (e.tabIndex > 0) fault("a tabindex above 0", e);
    if (e.matches("[tabindex='-1']:is(section, div, h2, h3)")) continue;
    if (!name(e)) fault("acts, and has no name", e);
    if (e.tagName === "DIV" || e.tagName === "SPAN") if (!e.getAttribute("role")) fault("acts, and has no role", e);
    if (e.matches("input:not([type=hidden])") && !e.labels?.length && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) fault("a field without a label", e);
    const box = e.getBoundingClientRect(), least = options.phone ? 44 : 24;
    if (e.matches(".skip, a[href]:not([role])") || box.width === 0) continue;
    if (box.width < least - 0.5 || box.height < least - 0.5) fault(`smaller than ${least} px (${box.width.toFixed(0)} × ${box.height.toFixed(0)})`, e);
  }
  for (const e of document.querySelectorAll("[role=tablist]")) {
    if (!e.checkVisibility()) continue;
    const tabs = [...e.querySelectorAll("[role=tab]")], chosen = tabs.filter((t) => t.getAttribute("aria-selected") === "true");
    if (chosen.length !== 1) fault(`expected one chosen tab, found ${chosen.length}`, e);
  }
  for (const e of document.querySelectorAll("[aria-pressed], [aria-expanded], [aria-selected], [aria-hidden]")) {
    for (const a of ["aria-pressed", "aria-expanded", "aria-selected", "aria-hidden"]) if (e.hasAttribute(a) && !["true", "false", "mixed"].includes(e.getAttribute(a))) fault(`${a}="${e.getAttribute(a)}"`, e);
  }

  // Contrast of every text with what lies behind it.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, below) => { const a = top[3]; return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)).concat(1); };
  const bright = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (a, b) => { const [x, y] = [bright(a), bright(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const behind = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) { const c = rgba(getComputedStyle(at).backgroundColor); if (c[3] > 0) layers.push(c); if (c[3] === 1) break; }
    return layers.reverse().reduce((below, top) => over(top, below), [...rgba(getComputedStyle(document.body).backgroundColor).slice(0, 3), 1]);
  };
  let lowest = 21;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || e.closest("script, style, [disabled]")) continue;
    const style = getComputedStyle(e), own = style.fill && e.closest("svg") ? style.fill : style.color;
    let opacity = 1;
    for (let at = e; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const ground = behind(e), colour = rgba(own);
    colour[3] *= opacity;
    const found = contrast(over(colour, ground), ground);
    lowest = Math.min(lowest, found);
    if (found < 4.5) fault(`a contrast of ${found.toFixed(2)} (${own})`, e);
  }
  // Text that is drawn: each of these colours stands on the pane and on what is raised, white or black on the badge.
  const role = (n) => { const e = document.createElement("i"); e.style.color = `var(--${n})`; document.body.append(e); const c = rgba(getComputedStyle(e).color); e.remove(); return c; };
  const pairs = [];
  for (const text of ["text", "muted", "open", "closed", "warn", "focus", "nervous", "cognitive", "organs", "federation"]) for (const ground of ["pane", "raised"]) pairs.push([text, ground]);
  pairs.push(["text", "header"], ["muted", "header"], ["on-badge", "badge"], ["on-focus", "focus"], ["text", "alarm"], ["text", "caution"]);
  for (const [text, ground] of pairs) {
    const found = contrast(role(text), role(ground));
    lowest = Math.min(lowest, found);
    if (found < 4.5) fault(`a contrast of ${found.toFixed(2)}: --${text} on --${ground}`);
  }
  // Signs and rings, which are no text.
  for (const sign of ["focus", "open", "closed", "warn"]) {
    for (const ground of ["pane", "ground", "raised", "header"]) { const found = contrast(role(sign), role(ground)); if (found < 3) fault(`a sign's contrast of ${found.toFixed(2)}: --${sign} on --${ground}`); }
  }

  // Nothing is wider than the window.
  if (document.documentElement.scrollWidth > innerWidth) fault(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}`);
  for (const e of document.querySelectorAll("main > section, header, nav, footer")) {
    if (!e.checkVisibility()) continue;
    const box = e.getBoundingClientRect();
    if (box.right > innerWidth + 0.5 || box.left < -0.5) fault(`reaches out of the window (${box.left.toFixed(0)} to ${box.right.toFixed(0)} of ${innerWidth})`, e);
  }
  // Nothing in the header lies over something else.
  const parts = [...document.querySelectorAll("header > *, header > * > .tools, #banner")].filter((e) => visible(e) && !e.matches("#middle, .vh"));
  parts.forEach((e, i) => { for (const o of parts.slice(i + 1)) { const a = e.getBoundingClientRect(), b = o.getBoundingClientRect(); if (!e.contains(o) && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1) fault(`lies under ${words(o)}`, e); } });
  return { faults: [...new Set(faults)], lowest };
}

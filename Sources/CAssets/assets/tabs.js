// Four tabs of a phone.
import {h, $, root} from "./dom.js";

const narrow = matchMedia("(max-width: 759px)"), TABS = ["flow", "scope", "decision", "health"];
let shown = () => {};
export const phone = () => narrow.matches;
// By the tab, not by the element: asking an element for its size lays out the page.
export const isShown = (id) => !phone() || root.dataset.tab === id;
export const reveal = (id) => {if (!isShown(id)) showTab(id)};

function showTab(id) {
	root.dataset.tab = id;
	for (const b of $("tabs").children) {const on = b.dataset.pane === id; b.setAttribute("aria-selected", String(on)); b.tabIndex = on ? 0 : -1}
	shown(id);
}

export function startTabs(onShown) {
	shown = onShown;
	$("tabs").append(...TABS.map((id) => h("button", {role: "tab", "data-pane": id, "aria-controls": id, onclick: () => showTab(id)}, id[0].toUpperCase() + id.slice(1))));
	$("tabs").addEventListener("keydown", (event) => {
		const i = TABS.indexOf(root.dataset.tab), to = {ArrowRight: i + 1, ArrowLeft: i - 1}[event.key];
		if (to === undefined || !TABS[to]) return;
		event.preventDefault();
		event.stopPropagation();
		showTab(TABS[to]);
		$("tabs").children[to].focus();
	});
	showTab("flow");
}

"""Names, roles, order and ring of the focus, contrast, sizes, motion, forced colours and print, of the committed minute."""
import base64
import io
import os

from PIL import Image

import recordings
from pictures import EXPLAINED, MOMENT, PANES, THEMES, difference, settled
from server import Server

with open(f"{os.path.dirname(os.path.abspath(__file__))}/audit.js", encoding="utf-8") as file:
    AUDIT = file.read()

# The element that has the focus: what it is, where it lies, and its ring.
FOCUSED = """(() => {
  const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
  const pane = e.closest("main > section, header, nav, dialog")?.id ?? "";
  return { body: e === document.body, pane, key: e.id || e.dataset.key || e.className || e.tagName, outline: s.outlineStyle === "none" ? 0 : parseFloat(s.outlineWidth),
    seen: b.width > 0 && b.bottom > 0 && b.top < innerHeight && b.right > 0 && b.left < innerWidth };
})()"""


async def audit(checks, tab, what, phone=False):
    found = await tab.eval(f"({AUDIT})({{ phone: {'true' if phone else 'false'} }})")
    checks(not found["faults"], f"{what}: no fault", "\n   ".join([""] + found["faults"]))
    return found["lowest"]


# What moves runs in animation frames: those that a page asks for, counted from its first script on.
COUNTED = "window.__frames = 0; const real = window.requestAnimationFrame; window.requestAnimationFrame = (run) => {__frames++; return real.call(window, run)};"
RESTS = """(async () => {
    const before = __frames;
    await new Promise((done) => setTimeout(done, 700));
    return __frames === before;
})()"""
# Read after the page's own listener, as the paper is made: the drawings of the scope, on white.
PRINTED = """addEventListener("beforeprint", () => {
    const all = [...document.querySelectorAll("#scope-stage canvas")], paper = document.createElement("canvas"), box = document.querySelector("#scope-stage");
    paper.width = all[0].width;
    paper.height = all[0].height;
    const on = paper.getContext("2d");
    on.fillStyle = "#fff";
    on.fillRect(0, 0, paper.width, paper.height);
    for (const c of all) on.drawImage(c, Math.round(parseFloat(c.style.left) * c.width / parseFloat(c.style.width)), 0);
    window.__printed = { url: paper.toDataURL(), drawn: parseFloat(all[0].style.width), room: box.clientWidth };
}, { once: true });"""


async def order(checks, tab, what, panes):
    """Tab reaches every pane in the order in which it is read, each stop has a ring, and it comes round."""
    await tab.eval("document.activeElement?.blur()")
    stops = []
    for _ in range(80):
        await tab.key("Tab")
        stop = await tab.eval(FOCUSED)
        if stop["body"]:
            break
        stops.append(stop)
    checks(stops and len(stops) < 80, f"{what}: Tab comes round", len(stops))
    reached = list(dict.fromkeys(stop["pane"] for stop in stops if stop["pane"]))
    checks(reached == panes, f"{what}: Tab goes through {', '.join(panes)}", reached)
    checks(all(stop["outline"] >= 2 for stop in stops), f"{what}: the focus is seen", [s["key"] for s in stops if s["outline"] < 2])
    checks(all(stop["seen"] for stop in stops), f"{what}: what has the focus lies in the window", [s["key"] for s in stops if not s["seen"]])


async def wide(checks, browser, options, environment):
    """Every state that a mouse opens, in both themes."""
    file, papers = recordings.moved(options, environment) if environment != "dev" else None, []
    server = await Server.recording(options, *([file] if file else []), at=MOMENT, environment={"NIMMERVERSE_ENV": environment})
    lowest = 21
    try:
        context = await browser.context()
        for theme in THEMES:
            tab = await browser.tab(context, theme=theme, script=COUNTED)
            await (tab.go(server.origin) if server.used >= 0 else server.enter(tab))
            await tab.wait(EXPLAINED)
            where = f"{environment} {theme}"
            checks(await tab.wait(RESTS, 7), f"{where}: nothing moves where nothing happens")
            if environment == "dev":
                # First, while nothing has had the focus yet.
                await order(checks, tab, where, ["head", *PANES])
            lowest = min(lowest, await audit(checks, tab, where))
            await tab.click("#flow-list button")
            # A recording has no thalamus to ask: what is shown is a refusal.
            await tab.wait("document.querySelector('#card .refused') !== null")
            lowest = min(lowest, await audit(checks, tab, f"{where}, a refusal"))
            await tab.click("#figures li:nth-child(2) button")
            await tab.wait("!document.querySelector('#detail').hidden")
            lowest = min(lowest, await audit(checks, tab, f"{where}, detail of a figure"))
            await tab.key("Escape")
            await tab.key("?")
            await tab.wait("document.querySelector('#keys').open")
            lowest = min(lowest, await audit(checks, tab, f"{where}, help"))
            await tab.key("Escape")
            await tab.wait("!document.querySelector('#keys').open")
            if environment == "dev":
                papers.append(await media(checks, tab, where, theme))
            await tab.close()
    finally:
        await server.stop()
    if len(papers) == 2:
        why = difference(*papers)[0]
        checks(why is None, "the scope is the same on paper from a dark and from a light page", why or "")
    return lowest


async def media(checks, tab, what, theme):
    """Forced colours, more contrast, and paper."""
    for name, values in (("forced colours", {"colours": "active"}), ("more contrast", {"contrast": "more"})):
        await tab.look(1280, 800, theme, **values)
        await settled(tab)
        await audit(checks, tab, f"{what}, {name}")
    await tab.look(1280, 800, theme)
    await tab.eval(PRINTED)
    await tab.call("Page.printToPDF", printBackground=True)
    printed = await tab.wait("window.__printed", 5)
    scope = base64.b64decode(printed["url"].split(",")[1])
    white, ink = shares(scope)
    checks(white > 0.5 and ink > 0.005, f"{what}: the scope is printed dark on white", f"{white:.1%} white, {ink:.1%} dark")
    checks(printed["drawn"] <= printed["room"] + 1, f"{what}: the scope is drawn as wide as the paper has room", (printed["drawn"], printed["room"]))
    await tab.look(1280, 800, theme, media="print")
    white, ink = shares(await settled(tab))
    checks(white > 0.7 and ink > 0.005, f"{what}: text is printed dark on white", f"{white:.1%} white, {ink:.1%} dark")
    hidden = await tab.eval("['#decision', '#scope'].filter((s) => !document.querySelector(s).checkVisibility())")
    checks(not hidden, f"{what}: the card and the scope are printed", hidden)
    shown = await tab.eval("[...document.querySelectorAll('button')].filter((b) => b.checkVisibility() && !b.closest('.targets, #figures, #card')).map((b) => b.id || b.textContent)")
    checks(not shown, f"{what}: no button is printed", shown)
    await tab.look(1280, 800, theme)
    return scope


def shares(png):
    """Shares of a picture that are white, and that have a contrast of more than 7 with it."""
    bright = Image.open(io.BytesIO(png)).convert("L").histogram()
    return sum(bright[250:]) / sum(bright), sum(bright[:90]) / sum(bright)


async def phone(checks, browser, options):
    server = await Server.recording(options, at=MOMENT)
    try:
        context = await browser.context()
        for theme in THEMES:
            tab = await browser.tab(context, 390, 844, theme)
            await (tab.go(server.origin) if server.used >= 0 else server.enter(tab))
            await tab.wait(EXPLAINED)
            await order(checks, tab, f"phone {theme}", ["head", "flow", "tabs"])
            for pane in PANES:
                await tab.click(f"[data-pane={pane}]")
                await tab.wait(f"document.querySelector('#{pane}').checkVisibility()")
                await audit(checks, tab, f"phone {theme}, {pane}", phone=True)
                alone = await tab.eval("[...document.querySelectorAll('main > section')].filter((s) => s.checkVisibility()).map((s) => s.id)")
                checks(alone == [pane], f"phone {theme}: {pane} is shown alone", alone)
            await tab.close()
    finally:
        await server.stop()


async def spoken(checks, browser, options):
    """An opening is announced to a screen reader, once."""
    server = await Server.recording(options, at="45.5s")
    try:
        tab = await browser.tab(await browser.context())
        await server.enter(tab)
        await tab.eval("""window.__spoken = []; new MutationObserver(() => __spoken.push(document.querySelector('#live-region').textContent))
            .observe(document.querySelector('#live-region'), { childList: true, characterData: true, subtree: true });""")
        await tab.key("p")
        found = await tab.wait("__spoken.some((t) => /math opened/.test(t)) && __spoken", 10)
        checks(found and sum("math opened" in text for text in found) == 1, "an opening is announced, once", await tab.eval("__spoken"))
        await tab.close()
    finally:
        await server.stop()


async def check(checks, browser, options):
    lowest = [await wide(checks, browser, options, environment) for environment in ("dev", "staging", "prod")]
    print(f"   lowest contrast: {min(lowest):.2f}", flush=True)
    await phone(checks, browser, options)
    await spoken(checks, browser, options)

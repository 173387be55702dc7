"""What the canvases show: read from their pixels, and from the page's own modules. In one file, though long: all parts read them by the same scripts."""
import json
import re

from frames import cell, gate
from pictures import EXPLAINED, MOMENT
from server import Server

# Share of pixels of a canvas with ink, in a part of it: left, top, right, bottom as shares of its size.
INK = """(selector, [x0, y0, x1, y1]) => {
  const c = document.querySelector(selector), x = Math.round(x0 * c.width), y = Math.round(y0 * c.height);
  const data = c.getContext('2d').getImageData(x, y, Math.round(x1 * c.width) - x, Math.round(y1 * c.height) - y).data;
  let n = 0;
  for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
  return n / (data.length / 4);
}"""
FLOW, TRACES = "#flow-stage canvas", "#scope-stage canvas:nth-child(2)"


async def ink(tab, selector, part=(0, 0, 1, 1)):
    return await tab.eval(f"({INK})({selector!r}, {list(part)})")


def inside(name, expression):
    """A script: an expression of `m`, a module of the page that runs: the same instance."""
    return f"""(async () => {{
      const url = performance.getEntriesByType('resource').map((e) => e.name).find((n) => n.includes('/assets/{name}.') && n.endsWith('.js'));
      const m = await import(url);
      return {expression};
    }})()"""


async def module(tab, name, expression):
    return await tab.eval(inside(name, expression))


async def screens(checks, browser, context, server):
    """A window that moves to a screen with another ratio of pixels is drawn again, whole."""
    tab = await browser.tab(context)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)
    await tab.still()
    corner = (0.5, 0.5, 1, 1)
    # The emulation reports another ratio only with another size of the window; the panes keep theirs.
    await tab.eval("Object.assign(document.body.style, {width: '1280px', height: '800px'})")
    for number, ratio in enumerate((2, 1.5, 1), 1):
        await tab.call("Emulation.setDeviceMetricsOverride", width=1280 + number, height=800, deviceScaleFactor=ratio, mobile=False)
        fits = f"""[...document.querySelectorAll('.stage canvas')].every((c) => {{
          const wide = c.matches('{TRACES}') ? parseFloat(c.style.width) : c.parentNode.clientWidth; return Math.abs(c.width - wide * {ratio}) <= 2; }})"""
        checks(await tab.wait(f"devicePixelRatio === {ratio} && {fits}", 5), f"at {ratio} device pixels every canvas has as many",
               await tab.eval("[...document.querySelectorAll('.stage canvas')].map((c) => [c.width, c.style.width])"))
        found = await tab.wait(f"({INK})({FLOW!r}, {list(corner)}) > 0.05", 5)
        checks(found, f"at {ratio} device pixels Flow is drawn up to its corner", await ink(tab, FLOW, corner))
    await tab.close()


# Waves of one cell, in a frame as the server sends it, for half a second that lies some time before now.
LATE = """((ago) => {
  const count = 20, buffer = new ArrayBuffer(16 + 6 * count), view = new DataView(buffer);
  view.setUint8(0, 1);
  view.setUint16(2, count, true);
  view.setFloat64(8, m.model.lastAt - ago, true);
  for (let i = 0; i < count; i++) {
    view.setUint16(16 + 6 * i, 0, true);
    view.setUint16(18 + 6 * i, 32767, true);
    view.setUint16(20 + 6 * i, i * 25, true);
  }
  m.takeWaves(view);
  return true;
})"""


async def late(checks, browser, context, options):
    """Waves that come later than what is painted are drawn where they belong."""
    server = await Server.recording(options, at="3s")
    try:
        tab = await browser.tab(context, motion="no-preference")
        await server.enter(tab)
        await tab.key("p")
        await tab.wait("document.querySelector('#play').textContent === 'Stop'")
        # The minute before the recording is empty: nothing is painted half a minute back, and nothing comes there.
        part = (0.4, 0, 0.6, 0.9)
        await tab.wait("/[1-9]/.test(document.querySelector('#rate').textContent)")
        await tab.still()
        before = await ink(tab, TRACES, part)
        await module(tab, "model", f"{LATE}(30000)")
        found = await tab.wait(f"({INK})({TRACES!r}, {list(part)}) > {before}", 5)
        checks(before == 0 and found, "waves that were missed are drawn when they come", (before, await ink(tab, TRACES, part)))
        await tab.close()
    finally:
        await server.stop()


# Counts from the begin of `beforeprint` on what is cleared: on paper that is a white patch over all that lies below.
CLEARED = """addEventListener('beforeprint', () => {
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  window.__cleared = 0;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) { __cleared++; clear.apply(this, box); };
});"""
# Notes at `beforeprint`, after the page's own listener, what paper will show of the scope.
PAPER = """addEventListener('beforeprint', () => {
  const dark = (c) => {
    const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let ink = 0, light = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) { ink++; light += (data[i] + data[i + 1] + data[i + 2]) / 765; }
    return [ink, light / Math.max(1, ink)];
  };
  const all = [...document.querySelectorAll('#scope-stage canvas')];
  window.__paper = { cleared: __cleared, theme: document.documentElement.dataset.theme, widths: all.map((c) => (parseFloat(c.style.width) || 0) + (parseFloat(c.style.left) || 0)), ink: all.map(dark) };
})"""


async def paper(checks, browser, context, server):
    """The scope is printed in dark ink and at the paper's width, also from a phone's tab on which it was never drawn."""
    for what, width, height, pane in (("a dark page", 1280, 800, None), ("a phone's decision", 390, 844, "decision")):
        tab = await browser.tab(context, width, height, theme="dark", script=CLEARED)
        await tab.go(server.origin)
        await tab.wait(EXPLAINED)
        await tab.still()
        if pane:
            await tab.click(f"[data-pane={pane}]")
            await tab.wait(f"document.querySelector('#{pane}').checkVisibility()")
        size = "[...document.querySelectorAll('#scope-stage canvas')].map((c) => [c.width, c.height]).join()"
        before = await tab.eval(f"{PAPER}; {size}")
        await tab.call("Page.printToPDF", printBackground=True)
        found = await tab.wait("window.__paper", 5)
        checks(found and found["theme"] == "light", f"{what}: paper is light", found)
        checks(found and 640 <= max(found["widths"]) <= 703, f"{what}: the scope is as wide as paper", found)
        checks(found and found["cleared"] == 0, f"{what}: no canvas clears the paper under it", found)
        traces, light = found["ink"][1] if found else (0, 1)
        checks(traces > 500 and light < 0.5, f"{what}: the traces are on paper, in dark ink", found)
        # A pane that is not shown is sized when it is.
        if not pane:
            checks(await tab.wait(f"{size} === {before!r} && !document.documentElement.dataset.theme", 5), f"{what}: after printing it is as before", (before, await tab.eval(size)))
        await tab.close()


# Keeps what is written on canvases from now on: `__written()` gives it and forgets it.
WRITTEN = """{
  const write = CanvasRenderingContext2D.prototype.fillText;
  let texts = [];
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) { texts.push(text); write.call(this, text, ...where); };
  window.__written = () => { const out = texts; texts = []; return out; };
}"""


async def past(checks, browser, context, server):
    """A moment of another day is named by its day; what was not known then is not shown as zero."""
    tab = await browser.tab(context, script=WRITTEN)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)
    await tab.still()
    title = await tab.eval("document.querySelector('#clock').title")
    checks(re.match(r"\d{4}-\d\d-\d\d, ", title), "the clock's title has the day", title)
    checks(not any(re.match(r"\d{4}-", text) for text in await tab.eval("__written()")), "today's times are without a day", "")
    day = "new Date(m.latest() - 3 * 86400000).toISOString().slice(0, 10)"
    wanted = await module(tab, "view", f"(m.setWindow(60000, m.latest() - 3 * 86400000), m.setCursor(m.windowEnd() - 30000), {day})")
    await tab.still()
    written = await tab.eval("__written()")
    checks(any(re.fullmatch(wanted + r" \d\d:\d\d:\d\d", text) for text in written), "the first tick of another day has the day", written)
    checks(any(re.match(wanted + r" \d\d:\d\d:\d\d\.\d\d\d", text) for text in written), "so has the cursor", written)
    checks("–" in written and not any(text in ("0.00", "+0.00") for text in written), "a potential that is not known is not zero", written)
    text = await module(tab, "access", "(m.writeFlow(), document.querySelector('#flow-list').textContent)")
    checks("potential unknown" in text, "nor in the list", text)
    at = await tab.eval("document.querySelector('#at').textContent")
    checks(at.startswith(f"At {wanted} "), "Flow names the moment that it shows", at)
    await module(tab, "view", "m.setWindow(7 * 86400000, m.latest() - 86400000)")
    await tab.still()
    days = {text for text in await tab.eval("__written()") if re.fullmatch(r"\d{4}-\d\d-\d\d", text)}
    checks(len(days) >= 3, "a week has three days on its axis at least", days)
    await tab.key("End")
    await tab.key("ArrowLeft")
    await tab.wait("!document.querySelector('#at').hidden")
    await tab.click("#at")
    checks(await tab.wait("document.querySelector('#at').hidden", 3), "its button comes back to now", await tab.eval("document.querySelector('#at').textContent"))
    await tab.close()


async def parked(checks, browser, context, options):
    """A cursor that the window leaves behind is dropped."""
    server = await Server.recording(options, at="30s")
    try:
        tab = await browser.tab(context, motion="no-preference")
        await server.enter(tab)
        await tab.key("p")
        await tab.wait("document.querySelector('#play').textContent === 'Stop'")
        # The cursor is left behind half a second later: in one step.
        at = await module(tab, "view", "(m.setCursor(m.windowStart() + 500), !document.querySelector('#at').hidden)")
        checks(at, "Flow shows the moment of the cursor")
        checks(await tab.wait("document.querySelector('#at').hidden", 10), "and now again when the cursor has left the window")
        await tab.close()
    finally:
        await server.stop()


async def resized(tab, width, height):
    """Another size of the window, once the page has it."""
    await tab.look(width, height)
    await tab.wait(f"innerWidth === {width}")


async def fingers(checks, browser, context, server):
    """A phone has what its header has no room for, and its cursor comes and leaves by a tap; a trackpad zooms by small steps."""
    tab = await browser.tab(context, 390, 844)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)

    async def tap(x, y):
        await tab.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        await tab.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    for width in (390, 1000):
        await resized(tab, width, 844)
        await tab.click("#more")
        found = await tab.wait("document.querySelector('#menu').checkVisibility() && [...document.querySelectorAll('#menu button')].map((b) => [b.textContent, b.getBoundingClientRect().height])", 3)
        checks(found and len(found) == 4 and all(height >= 44 for _, height in found), f"{width} pixels: the menu has link, marker, theme and keys", found)
        await tab.key("Escape")
        checks(await tab.wait("!document.querySelector('#menu').checkVisibility()", 3), f"{width} pixels: Esc closes it")
    await resized(tab, 390, 844)
    await tab.click("#more")
    await tab.wait("document.querySelector('#menu').checkVisibility()")
    await tab.click("[data-of=help]")
    checks(await tab.wait("document.querySelector('#keys').open && !document.querySelector('#menu').checkVisibility()", 3), "its buttons act")
    await tab.key("Escape")
    await tab.click("[data-pane=scope]")
    await tab.wait("document.querySelector('#scope').checkVisibility()")
    await tab.still()
    box = await tab.rectangle("#scope-stage")
    x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.3
    cursor = "(await import(performance.getEntriesByType('resource').map((e) => e.name).find((n) => n.includes('/assets/view.')))).view.cursor"
    await tap(x, y)
    checks(await tab.wait(f"(async () => {cursor} != null)()", 3), "a tap sets the cursor")
    await tap(x + 30, y)
    checks(await tab.wait(f"(async () => {cursor} == null)()", 3), "the next tap leaves it")
    await tap(x, y)
    await tab.wait(f"(async () => {cursor} != null)()", 3)
    await tab.click("[data-pane=flow]")
    checks(await tab.wait("document.querySelector('#at').checkVisibility()", 3), "Flow shows its moment")
    box = await tab.rectangle("#flow")
    await tap(box["x"] + 20, box["y"] + box["height"] - 20)
    checks(await tab.wait("!document.querySelector('#at').checkVisibility()", 3), "a tap beside everything leaves it")
    await resized(tab, 1280, 800)
    await tab.still()
    box = await tab.rectangle("#scope-stage")
    span = await module(tab, "view", "m.view.span")
    await tab.call("Input.dispatchMouseEvent", type="mouseWheel", x=box["x"] + box["width"] / 2, y=box["y"] + box["height"] / 2, deltaX=0, deltaY=10, modifiers=2)
    found = await tab.wait(f"(async () => {cursor.replace('.cursor', '.span')} > {span} * 1.05)()", 3)
    checks(found, "a pinch of a trackpad zooms", await module(tab, "view", "m.view.span"))
    await tab.close()


PLACES = """Object.fromEntries([...document.querySelectorAll('#flow-list button')].map((b) => [b.dataset.key, [b.style.left, b.style.top, b.style.width, b.style.height].join()]))"""
SEATS = "[...m.flow.L.byCell].map(([slot, {x, y}]) => [slot, x, y])"


async def joins(checks, browser, context, server):
    """A gate, and a cell, that join move nothing that is there, neither in full nor in dense rows."""
    for what, width, height, more in (("full rows", 1920, 1080, 0), ("dense rows", 1280, 800, 26)):
        tab = await browser.tab(context, width, height)
        await tab.go(server.origin)
        await tab.wait(EXPLAINED)
        base = await module(tab, "model", "[m.model.gates.length, m.model.cells.length]")
        gates = [gate(f"g{n:02}") for n in range(more)]
        cells = [cell(f"{name}{n}", base[0] + n, f"{name}{n}") for n in range(more) for name in "ab"]
        await module(tab, "model", f"m.take({json.dumps({'k': 'names', 'gates': gates, 'cells': cells})})")
        await tab.still()
        # The element that has the focus keeps it, too.
        await tab.eval("document.querySelector('#flow-list button').focus()")
        places, seats = await tab.eval(PLACES), await module(tab, "flow", SEATS)
        number = base[0] + more
        new = {"k": "names", "gates": [gate("zz1"), gate("zz2")], "cells": [cell("third", 0, "third"), cell("first", number, "first")]}
        await module(tab, "model", f"m.take({json.dumps(new)})")
        await tab.still()
        after, sat = await tab.eval(PLACES), await module(tab, "flow", SEATS)
        moved = {key: (place, after.get(key)) for key, place in places.items() if after.get(key) != place}
        checks(len(after) == len(places) + 2 and not moved, f"{what}: two gates join, and none moves", moved)
        checks(len(sat) == len(seats) + 2 and all(seat in sat for seat in seats), f"{what}: two cells join, and none moves", [s for s in seats if s not in sat])
        checks(await tab.eval("document.activeElement.dataset.key") == "g0", f"{what}: the focus stays")
        await tab.close()


async def lists(checks, browser, context, server):
    """What the pictures show, as text: cells and trust of a gate, lanes with their values, marks in order of time."""
    tab = await browser.tab(context)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)
    # What has no focus is written at leisure.
    gates = "[...document.querySelectorAll('#flow-list button')].map((b) => b.textContent)"
    found = await tab.wait(f"{gates}.some((text) => /^math, open, potential .*, 2 cells, trust \\d\\.\\d\\d, math \\d\\.\\d\\d, calculate \\d\\.\\d\\d$/.test(text))")
    checks(found, "a gate's text has its trust and its cells", await tab.eval(gates))
    read = "[...document.querySelectorAll('#scope-list button')].map((b) => b.textContent)"
    await tab.wait(f"((texts) => texts.length > 5 && texts.slice(0, 4).every((text) => /, \\d\\.\\d\\d$/.test(text)))({read})")
    texts = await tab.eval(read)
    lanes = [text for text in texts if re.fullmatch(r"\w+, (open|stable|closed), \d\.\d\d", text)]
    checks([text.split(",")[0] for text in lanes] == ["math", "plan", "speech", "vision"] and texts[:4] == lanes, "the scope's list begins with the lanes, their states and values", texts)
    times = [re.search(r"\d\d:\d\d:\d\d", text)[0] for text in texts[5:]]
    checks(times == sorted(times) and times, "its marks are in order of time", texts)
    names = await tab.eval("[...document.querySelectorAll('.targets button')].every((b) => b.querySelector('bdi') || b.dataset.key === 'overview')")
    checks(names, "names are isolated from the text around them")
    checks(texts[4].startswith("Overview of 5 min"), "the overview has a name", texts[4])
    await tab.eval("document.querySelector('[data-key=overview]').focus()")
    await tab.key("Enter")
    checks(await tab.wait(f"{read}[4].startsWith('Overview of 30 min')", 5), "Enter makes it longer", await tab.eval(read))
    await module(tab, "view", "m.setCursor(m.windowStart() + 1000)")
    checks(await tab.wait(f"{read}[0] !== {lanes[0]!r}", 5), "a lane's text is that of the cursor", await tab.eval(read))
    await tab.close()


# Answers of /history by hand: `__history = (url, answer) => …`, with the real answer to fall back to; `__signals` are those of the requests.
HISTORY = """{
  const real = window.fetch;
  window.__signals = [];
  window.__asked = [];
  window.__history = null;
  window.fetch = (url, init) => {
    if (!String(url).startsWith('/history')) return real(url, init);
    __asked.push(String(url));
    __signals.push(init.signal);
    return window.__history ? __history(String(url)) : real(url, init);
  };
  window.__refused = () => Promise.resolve(new Response(JSON.stringify({error: 'the history rests'}), {status: 503}));
}"""


async def history(checks, browser, context, server):
    """Faults of the history are written, and asked for again; what is asked for no more is dropped."""
    tab = await browser.tab(context, script=WRITTEN + HISTORY)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)
    written = "__written().includes('the history rests')"
    await tab.eval("__history = __refused")
    await module(tab, "history", "m.forget()")
    checks(await tab.wait(written, 5), "a near block that cannot be read is named")
    await tab.eval("__history = null; __asked = []")
    await module(tab, "view", "m.setWindow(60000, m.latest() - 5 * 60000)")
    checks(await tab.wait("__asked.length > 0", 15), "and asked for again")
    await tab.eval("__history = __refused; __asked = []")
    await module(tab, "view", "m.setWindow(3600000, m.latest() - 7200000)")
    checks(await tab.wait(written, 5), "so is a far window", await tab.eval("__asked"))
    await tab.eval("__history = null; __asked = []; __written()")
    checks(await tab.wait("__asked.length > 0", 16), "and asked for again")
    await tab.still()
    await tab.wait("document.querySelector('#flow') && !__written().includes('the history rests')", 5)
    # Two windows in a row: the first one's answer is not waited for.
    await tab.eval("__history = () => new Promise(() => {}); __signals = []")
    await module(tab, "view", "m.setWindow(3600000, m.latest() - 20 * 3600000)")
    await tab.wait("__signals.length === 1", 5)
    await module(tab, "view", "m.setWindow(3600000, m.latest() - 40 * 3600000)")
    checks(await tab.wait("__signals.length === 2 && __signals[0].aborted && !__signals[1].aborted", 5), "a window that is left is asked for no longer", await tab.eval("__signals.map((s) => s.aborted)"))
    # An answer that comes after the past was forgotten fills nothing.
    await tab.key("End")
    await tab.eval("__held = []; __signals = []; __history = (url) => new Promise((done) => __held.push([url, done]))")
    await module(tab, "history", "m.forget()")
    await tab.wait("__held.length > 0", 5)
    slot = "Math.floor(Number(new URL(__held[0][0], location).searchParams.get('from')) / 100) + 5"
    value = f"m.series(0).max[({slot}) % m.SLOTS]"
    before = await module(tab, "ring", value)
    await module(tab, "history", "m.forget()")
    await tab.eval("""(() => {
      const q = new URL(__held[0][0], location).searchParams, columns = Number(q.get('columns')), full = btoa(String.fromCharCode(100).repeat(columns));
      __held[0][1](new Response(JSON.stringify({from: Number(q.get('from')), to: Number(q.get('to')), columns, complete: true, marks: [], cells: [{c: 0, min: full, max: full, count: full}]})));
    })()""")
    await tab.wait("__held.length > 1", 5)
    checks(await module(tab, "ring", value) == before, "an answer from before a jump fills nothing", (before, await module(tab, "ring", value)))
    await tab.close()


async def approval(checks, browser, context, server):
    """A command that waits for an operator is announced, once."""
    tab = await browser.tab(context)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)
    await tab.eval("__spoken = []; new MutationObserver(() => __spoken.push(document.querySelector('#live-region').textContent)).observe(document.querySelector('#live-region'), { childList: true })")
    await module(tab, "model", "(m.model.role = 'operator', m.model.source.kind = 'live', 0)")
    card = {"id": "o1", "title": "door opened", "gate": 0, "awaited": True, "outcome": None, "commands": []}
    draw = f"m.drawFoot({{...{json.dumps(card)}, waiting: {{id: 'w1', until: {await module(tab, 'view', 'm.latest()')} + 600000}}}})"
    await module(tab, "outcome", f"({draw}, {draw}, 0)")
    checks(await tab.wait("__spoken.length > 0", 6), "what waits for approval is announced", await tab.eval("document.querySelector('#foot').textContent"))
    spoken = await tab.eval("__spoken")
    checks(len(spoken) == 1 and re.match(r"May it be done\? door opened waits until \d\d:", spoken[0]), "once, by its name", spoken)
    await tab.close()


# Which canvases are cleared in each frame: of Flow 0 what stands and 1 what moves, of the scope 2 to 4.
FRAMES = """{
  let current = null;
  const ask = window.requestAnimationFrame, clear = CanvasRenderingContext2D.prototype.clearRect;
  window.__drawn = [];
  window.requestAnimationFrame = (run) => ask((at) => { current = new Set(); run(at); if (current.size) __drawn.push([...current]); current = null; });
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    current?.add([...document.querySelectorAll('.stage canvas')].indexOf(this.canvas));
    clear.apply(this, box);
  };
}"""


async def frames(checks, browser, context, options):
    """With many rows what moves and all else fall into different frames, and nothing waits for good."""
    server = await Server.recording(options, at="20s")
    try:
        tab = await browser.tab(context, motion="no-preference", script=FRAMES)
        await server.enter(tab)
        base = await module(tab, "model", "m.model.gates.length")
        gates, cells = [gate(f"g{n:02}") for n in range(30)], [cell(f"c{n:02}", base + n, f"c{n:02}") for n in range(30)]
        await module(tab, "model", f"m.take({json.dumps({'k': 'names', 'gates': gates, 'cells': cells})})")
        await tab.key("p")
        await tab.wait("document.querySelector('#play').textContent === 'Stop'")
        await tab.eval("__drawn = []")
        await tab.wait("__drawn.length > 120", 20)
        drawn = await tab.eval("__drawn")
        seen = {canvas for frame in drawn for canvas in frame}
        shared = [frame for frame in drawn if 1 in frame and len(frame) > 1]
        checks(seen == {0, 1, 2, 3, 4}, "every canvas is drawn", seen)
        checks(len(shared) <= len(drawn) * 0.05, "no frame draws what moves and something else", (len(shared), len(drawn), shared[:5]))
        await tab.close()
    finally:
        await server.stop()


async def check(checks, browser, options):
    server = await Server.recording(options, at=MOMENT)
    try:
        context = await browser.context()
        tab = await browser.tab(context)
        await server.enter(tab)
        await tab.close()
        await screens(checks, browser, context, server)
        await paper(checks, browser, context, server)
        await past(checks, browser, context, server)
        await parked(checks, browser, context, options)
        await fingers(checks, browser, context, server)
        await joins(checks, browser, context, server)
        await lists(checks, browser, context, server)
        await history(checks, browser, context, server)
        await approval(checks, browser, context, server)
        await frames(checks, browser, context, options)
        await late(checks, browser, context, options)
    finally:
        await server.stop()

"""More gates than have room: strips, the dense tier, folded regions; under reduced motion; and a tab that is hidden."""
import asyncio
import json

from drawing import inside, module
from flood import Flood
from system import eventually

# Animation frames that the page asks for, and what it is sent: the kinds of its frames.
COUNTED = """
window.__frames = 0; window.__kinds = {};
const real = window.requestAnimationFrame;
window.requestAnimationFrame = (run) => {__frames++; return real.call(window, run)};
window.WebSocket = class extends WebSocket {
  constructor(...a) {
    super(...a);
    this.addEventListener("message", async ({data}) => {
      const kind = typeof data === "string" ? 0 : new Uint8Array(data, 0, 1)[0];
      const text = kind === 0 ? data : kind === 3 ? await new Response(new Blob([new Uint8Array(data, 1)]).stream().pipeThrough(new DecompressionStream("gzip"))).text() : null;
      const name = text === null ? "waves" : JSON.parse(text).k;
      __kinds[name] = (__kinds[name] ?? 0) + 1;
    });
  }
};
"""
GATES = "[...document.querySelectorAll('#flow-list [data-key^=g]')]"
FOLDS = "[...document.querySelectorAll('#flow-list [data-key^=f]')]"
# Buttons over the gates that lie outside of the stage, or over each other.
MISPLACED = """((all) => {
  const stage = document.querySelector("#flow-stage").getBoundingClientRect(), boxes = all.map((e) => e.getBoundingClientRect());
  const apart = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) < 1 || Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) < 8;
  return all.filter((e, i) => boxes[i].left < stage.left - 1 || boxes[i].right > stage.right + 1 || boxes[i].top < stage.top - 8 || boxes[i].bottom > stage.bottom + 8
    || boxes.some((b, k) => k < i && !apart(boxes[i], b))).map((e) => e.textContent);
})"""


async def changes(tab, selector):
    """Whether the picture of an element becomes another."""
    first = await tab.picture(await tab.rectangle(selector))

    async def differs():
        return await tab.picture(await tab.rectangle(selector)) != first
    return await eventually(differs, 8, 0.2)


async def strips(checks, tab):
    """Eight gates have low lanes; under reduced motion they move in steps, and nothing runs along the edges."""
    checks(await tab.wait(f"{GATES}.length === 8", 15), "eight gates", await tab.eval(f"{GATES}.length"))
    lanes = "(({tall, lanes}) => [tall, lanes.length])(m.arrange(document.querySelector('#scope-stage').clientWidth, document.querySelector('#scope-stage').clientHeight))"
    # A cell that comes before its gate has a lane of its own until then.
    await tab.wait(inside("lanes", f"{lanes}.join() === 'false,8'"))
    lanes = await module(tab, "lanes", lanes)
    checks(lanes == [False, 8], "eight lanes are strips", lanes)
    checks(await tab.wait("document.querySelectorAll('#scope-list button').length > 3", 10), "their openings are in the list beside them")
    for pane in ("#scope-stage", "#flow-stage"):
        checks(await changes(tab, pane), f"{pane} is drawn while waves come, under reduced motion too")
    frames, seconds = await tab.eval("""(async () => { const before = __frames, begun = performance.now();
        await new Promise((done) => setTimeout(done, 3000)); return [__frames - before, (performance.now() - begun) / 1000]; })()""")
    checks(0 < frames <= 10 * seconds, "at about two frames a second", f"{frames} in {seconds:.1f} s")
    checks(await module(tab, "pulses", "m.pulsesAlive()") == 0, "and no wave runs along an edge")


async def dense(checks, tab):
    checks(await tab.wait(f"{GATES}.length === 40", 15), "forty gates", await tab.eval(f"{GATES}.length"))
    checks(await module(tab, "flow", "m.flow.L.tier") == "dense", "are drawn in the dense tier")
    misplaced = await tab.eval(f"{MISPLACED}({GATES})")
    checks(not misplaced, "none of them lies over another", misplaced)
    checks(await changes(tab, "#flow-stage"), "and they are drawn while waves come")
    box = await tab.rectangle("#scope-stage")
    # The scope knows of its lanes when it was drawn.
    await tab.wait(inside("scope", "m.page() > 0"))
    await tab.call("Input.dispatchMouseEvent", type="mouseWheel", x=box["x"] + 300, y=box["y"] + 80, deltaX=0, deltaY=100, modifiers=8)
    checks(await tab.wait(inside("view", "m.view.lane > 0"), 5), "Shift and the wheel scroll the lanes", await module(tab, "view", "m.view.lane"))
    for _ in range(3):
        await tab.key("PageUp")
    checks(await module(tab, "view", "m.view.lane") == 0, "PgUp comes back to the first")
    await tab.key("j")
    await tab.key("PageDown")
    checks(await module(tab, "view", "m.view.lane") > 2, "j and PgDn scroll on")


async def folded(checks, tab):
    checks(await tab.wait(f"{FOLDS}.length === 13", 20), "130 gates are folded into 13 regions", await tab.eval(f"{FOLDS}.map((b) => b.textContent)"))
    checks(await tab.eval(f"{GATES}.length") == 0, "and none is left outside of them")
    checks(await tab.wait(f"{FOLDS}.every((b) => /^b\\d+, 10 gates/.test(b.textContent))", 10), "each is named, with its gates", await tab.eval(f"{FOLDS}.map((b) => b.textContent)"))
    await tab.click("#flow-list [data-key=fb3]")
    checks(await tab.wait(f"{GATES}.length === 10 && {GATES}.every((b) => b.textContent.startsWith('b3-'))", 5), "a click opens one", await tab.eval(f"{GATES}.map((b) => b.textContent)"))
    misplaced = await tab.eval(f"{MISPLACED}({GATES})")
    checks(not misplaced, "none of its gates lies over another", misplaced)
    await tab.eval("document.activeElement.blur()")
    await tab.key("Escape")
    checks(await tab.wait(f"{FOLDS}.length === 13", 5), "Esc folds it again", await tab.eval(f"{FOLDS}.length"))


# Whatever was on its way has come when state has come for a while, without waves and without frames of the page.
RESTS = """(() => {
    const now = [__frames, __kinds.waves, __kinds.gate ?? 0], before = window.__then;
    if (before?.[0] === now[0] && before[1] === now[1]) return now[2] >= before[2] + 3;
    window.__then = now;
    return false;
})()"""


async def hidden(checks, browser, context, tab):
    """A tab behind another is sent state and decisions, draws nothing, and shows all when it is in front again."""
    other = await browser.tab(context)
    checks(await tab.wait("document.hidden", 5), "a tab behind another is hidden")
    checks(await tab.wait(RESTS, 8), "it is sent no waves, and runs no frame", await tab.eval("[__frames, __kinds]"))
    await tab.eval("__kinds = {}; __frames = 0")
    checks(await tab.wait("(__kinds.gate ?? 0) > 2 && (__kinds.collapse ?? 0) > 0", 10), "it is sent state and decisions", await tab.eval("__kinds"))
    found = await tab.eval("({frames: __frames, kinds: Object.keys(__kinds)})")
    checks(found["frames"] == 0 and "waves" not in found["kinds"], "and no wave, and draws nothing", found)
    await other.close()
    await tab.call("Page.bringToFront")
    checks(await tab.wait("!document.hidden && __frames > 0 && __kinds.waves > 0", 10), "in front again it is sent waves, and draws", await tab.eval("[__frames, __kinds]"))


async def check(checks, browser, options):
    async with Flood(options) as flood:
        context = await browser.context()
        tab = await browser.tab(context, script=COUNTED)
        await flood.server.enter(tab)
        for gates, parts in ((8, (strips,)), (40, (dense,)), (130, (folded,))):
            waves = await flood.waves(rate=200, seconds=600, cells=2 * gates, gates=gates, group=10)
            for part in parts:
                await part(checks, tab)
            if gates == 8:
                await hidden(checks, browser, context, tab)
            await waves.stop()
        checks(not await tab.seen(), "no error, no violation of the policy", await tab.seen())
        await tab.close()

"""The pointer over the scope: wheel, pinch, the overview, a finger."""
from drawing import inside, module
from pictures import EXPLAINED
import recordings
from server import Server

# Of an unfolded scope, in CSS pixels (lanes.js): names at the left, values at the right, the overview at the foot.
LEFT, RIGHT, FOOT = 112, 64, 25


async def window(tab):
    return await module(tab, "view", "({ from: m.windowStart(), to: m.windowEnd(), cursor: m.view.cursor, lane: m.view.lane })")


async def when(tab, condition):
    """The window once an expression of its module is true: what a pointer does comes with a frame."""
    await tab.wait(inside("view", condition))
    return await window(tab)


def span(w):
    return w["to"] - w["from"]


class Plot:
    """Where a share of the shown time lies."""

    def __init__(self, box, left=LEFT, right=RIGHT):
        self.x, self.y, self.width, self.foot = box["x"] + left, box["y"] + box["height"] * 0.35, box["width"] - left - right, box["y"] + box["height"] - FOOT

    def at(self, share):
        return self.x + self.width * share


async def mouse(tab, kind, x, y, **more):
    await tab.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)


async def wheel(tab, x, y, dx=0, dy=0, modifiers=0):
    before = await window(tab)
    await mouse(tab, "mouseWheel", x, y, deltaX=dx, deltaY=dy, modifiers=modifiers)
    return await when(tab, f"m.windowStart() !== {before['from']} || m.windowEnd() !== {before['to']}")


async def wheels(checks, tab, plot):
    usual, x = await window(tab), plot.at(0.5)
    near = await wheel(tab, x, plot.y, dy=-100)
    checks(span(near) < span(usual) * 0.9, "the wheel zooms in", (usual, near))
    middle = lambda w: (w["from"] + w["to"]) / 2
    checks(abs(middle(near) - middle(usual)) < span(usual) * 0.01, "and keeps the time under the pointer", (usual, near))
    far = await wheel(tab, x, plot.y, dy=100)
    checks(abs(span(far) - span(usual)) < span(usual) * 0.02, "the other way it zooms out again", (usual, far))
    back = await wheel(tab, x, plot.y, dx=-100)
    checks(back["to"] < far["to"] and abs(span(back) - span(far)) < 1, "sideways it moves the window", (far, back))
    # What a trackpad sends for a pinch: small steps of a wheel with Ctrl.
    pinched = await wheel(tab, x, plot.y, dy=-10, modifiers=2)
    checks(span(pinched) < span(back) * 0.95, "a pinch on a trackpad zooms by what the fingers moved", (back, pinched))
    await tab.key("0")
    await tab.key("0")


async def pointer(checks, tab, plot):
    await tab.still()
    await mouse(tab, "mouseMoved", plot.at(0.25), plot.y)
    now = await when(tab, "m.view.cursor != null && Math.abs(m.view.cursor - m.windowStart() - m.view.span * 0.25) < m.view.span * 0.01")
    checks(now["cursor"] is not None and abs(now["cursor"] - now["from"] - span(now) * 0.25) < span(now) * 0.01, "the cursor stands where the pointer does", now)
    await mouse(tab, "mouseMoved", 600, 100)
    now = await when(tab, "m.view.cursor == null")
    checks(now["cursor"] is None, "and leaves with it", now)


async def overview(checks, tab, plot):
    await tab.still()
    usual, x = await window(tab), plot.at(0.99)
    await mouse(tab, "mouseMoved", x, plot.foot)
    await mouse(tab, "mousePressed", x, plot.foot, button="left", clickCount=1)
    for step in range(1, 6):
        await mouse(tab, "mouseMoved", x - step * plot.width * 0.04, plot.foot, button="left", buttons=1)
    await mouse(tab, "mouseReleased", x - plot.width * 0.2, plot.foot, button="left", clickCount=1)
    moved = await when(tab, f"Math.abs({usual['to']} - m.windowEnd() - 60000) < 2000")
    # The overview shows five minutes: a fifth of it is one.
    checks(abs(usual["to"] - moved["to"] - 60_000) < 2000 and abs(span(moved) - span(usual)) < 1, "the window is dragged in the overview", (usual, moved))
    checks(await tab.eval("!document.querySelector('#live').hidden"), "and there is a way back to now")
    await tab.click("#live")
    hidden = await tab.wait("document.querySelector('#live').hidden", 3)
    back = await window(tab)
    checks(hidden and back["to"] == usual["to"], "which leads there", back)


async def touch(tab, kind, *points):
    await tab.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)])
    # The browser hands movements on with the next frame.
    await tab.still()


async def fingers(checks, browser, context, server):
    tab = await browser.tab(context, 390, 844)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)
    await tab.click("[data-pane=scope]")
    await tab.still()
    plot = Plot(await tab.rectangle("#scope-stage"), 76, 62)
    usual = await window(tab)
    await touch(tab, "touchStart", (plot.at(0.2), plot.y))
    for share in (0.3, 0.4, 0.5, 0.6):
        await touch(tab, "touchMove", (plot.at(share), plot.y))
    now = await when(tab, "m.view.cursor != null && Math.abs(m.view.cursor - m.windowStart() - m.view.span * 0.6) < m.view.span * 0.03")
    checks(now["cursor"] is not None and abs(now["cursor"] - now["from"] - span(now) * 0.6) < span(now) * 0.03, "a finger drags the cursor", now)
    await touch(tab, "touchEnd")
    checks(await tab.eval("scrollX === 0 && scrollY === 0"), "and not the page")
    await touch(tab, "touchStart", (plot.at(0.4), plot.y), (plot.at(0.6), plot.y))
    for share in (0.35, 0.3, 0.25, 0.2):
        await touch(tab, "touchMove", (plot.at(share), plot.y), (plot.at(1 - share), plot.y))
    pinched = await when(tab, f"Math.abs(m.view.span - {span(usual) / 3}) < {span(usual) * 0.03}")
    await touch(tab, "touchEnd")
    checks(abs(span(pinched) - span(usual) / 3) < span(usual) * 0.03, "two fingers three times as far apart show a third of the time", (usual, pinched))
    # A tap away from every mark leaves the cursor, a tap on a mark opens it.
    await touch(tab, "touchStart", (plot.at(0.5), plot.y))
    await touch(tab, "touchEnd")
    now = await when(tab, "m.view.cursor == null")
    checks(now["cursor"] is None, "a tap leaves the cursor", now)
    # Both in one step: buttons of the list keep the places of a window that was drawn between for a while.
    await module(tab, "view", "(m.whole(), m.whole(), 0)")
    await tab.still()
    await tab.wait("[...document.querySelectorAll('#scope-list button')].some((e) => e.textContent.includes('opened at 18:30:45'))")
    box = await tab.eval("""(() => {const b = [...document.querySelectorAll('#scope-list button')].find((e) => e.textContent.includes('opened at 18:30:45')).getBoundingClientRect();
        return [b.x + b.width / 2, b.y + b.height / 2]; })()""")
    await touch(tab, "touchStart", box)
    await touch(tab, "touchEnd")
    opened = await tab.wait("document.querySelector('#decision').checkVisibility() && /math opened/.test(document.querySelector('#card h3')?.textContent ?? '')", 5)
    checks(opened, "a tap opens a collapse", await tab.eval("document.documentElement.dataset.tab"))
    checks(not await tab.seen(), "no error, no violation of the policy", await tab.seen())
    await tab.close()


async def check(checks, browser, options):
    server = await Server.recording(options, recordings.longer(options, 200), at="252s")
    try:
        context = await browser.context()
        tab = await browser.tab(context)
        await server.enter(tab)
        await tab.wait(EXPLAINED)
        await tab.still()
        plot = Plot(await tab.rectangle("#scope-stage"))
        for part in (wheels, pointer, overview):
            await part(checks, tab, plot)
        checks(not await tab.seen(), "no error, no violation of the policy", await tab.seen())
        await tab.close()
        await fingers(checks, browser, context, server)
    finally:
        await server.stop()

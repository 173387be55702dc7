"""Five thousand waves a second: neither the page nor its server grows; ten tabs live at once; a slow one slows no other."""
import asyncio
import gzip
import json
import time

import websockets

from browser import busy
from flood import Flood

RATE = 5000
# Waves that ten tabs are sent: for longer than a slow one is waited for.
SENT = 10_000
# Bytes of a wave that may remain in the page, whose rings are of fixed size: nothing of it, but what the browser's allocator rounds.
PAGE_BYTES, PAGE_SLACK = 4, 3 << 20
# What the server may keep in all: its buffer of waves (8 MiB), the frames of a minute (12 MiB), and marks.
SERVER_KEPT = 28 << 20


async def heap(tab):
    for _ in range(3):
        await tab.call("HeapProfiler.collectGarbage")
    # With what is outside of the script's heap: its array buffers, and what the browser itself keeps for the page.
    found = await tab.call("Runtime.getHeapUsage")
    return found["usedSize"] + found["backingStorageSize"] + found["embedderHeapUsedSize"]


async def growth(checks, browser, options):
    async with Flood(options) as flood:
        tab = await browser.tab(await browser.context(), motion="no-preference")
        await flood.server.enter(tab)
        waves = await flood.waves(rate=RATE, count=int(RATE * options.seconds))
        # Names, layouts and compiled scripts are there after a quarter.
        sent = await waves.sent(RATE * options.seconds / 4)
        page, server = await heap(tab), flood.server.resident * (1 << 20)
        rate = await tab.eval("document.querySelector('#rate').textContent")
        all_sent, took = (await waves.line(r"all (\d+) in ([\d.]+) s", limit=options.seconds * 3 + 30))[1].groups()
        await tab.wait("/^0/.test(document.querySelector('#rate').textContent)", 10)
        number = int(all_sent) - sent
        page_after, server_after = await heap(tab), flood.server.resident * (1 << 20)
        print(f"   {all_sent} waves in {took} s ({rate}); page {page / 1e6:.1f} → {page_after / 1e6:.1f} MB, server {server / 1e6:.1f} → {server_after / 1e6:.1f} MB", flush=True)
        checks(page_after - page <= number * PAGE_BYTES + PAGE_SLACK, f"the page does not grow with {number} waves", (page, page_after))
        checks(server_after - server <= SERVER_KEPT, f"the server keeps no more of {number} waves than its buffers", (server, server_after))
        lost = await tab.eval("document.querySelector('#lost').textContent")
        checks(lost == "lost 0", "no wave was lost on the way", lost)
        checks(not await tab.seen(), "no error, no violation of the policy", await tab.seen())
        await tab.close()


async def slow(flood, cookie, seconds=120):
    """A tab that takes everything and acknowledges nothing: when it was found behind, and how it was closed."""
    begun, behind = time.monotonic(), None
    async with websockets.connect(flood.server.origin.replace("http", "ws") + "/feed", origin=flood.server.origin, proxy=None, max_size=1 << 26,
                                  additional_headers={"Cookie": f"{cookie['name']}={cookie['value']}"}) as socket:
        try:
            while time.monotonic() - begun < seconds:
                data = await asyncio.wait_for(socket.recv(), seconds)
                if isinstance(data, bytes):
                    if data[0] != 3:
                        continue
                    data = gzip.decompress(data[1:]).decode()
                frame = json.loads(data)
                if frame["k"] == "behind" and frame["n"] > 1 and behind is None:
                    behind = time.monotonic() - begun
        except websockets.ConnectionClosed as closed:
            return behind, closed.rcvd.code if closed.rcvd else 0, time.monotonic() - begun
    return behind, None, time.monotonic() - begun


# What a tab takes in, from its first script on: waves, of those that stand alone and those that are merged, the longest time without any
# (ms), and how far behind it ever was.
TAKEN = """
window.__taken = { alone: 0, merged: 0, longest: 0, last: null, behind: 1 };
window.WebSocket = class extends WebSocket {
  constructor(...a) {
    super(...a);
    this.addEventListener("message", ({ data }) => {
      const at = performance.now();
      if (typeof data === "string") { const m = JSON.parse(data); if (m.k === "behind") __taken.behind = Math.max(__taken.behind, m.n); return; }
      const view = new DataView(data), kind = view.getUint8(0), count = kind < 3 ? view.getUint16(2, true) : 0;
      if (kind === 1) __taken.alone += count;
      if (kind === 2) for (let i = 0; i < count; i++) __taken.merged += view.getUint16(26 + 10 * i, true);
      if (kind === 3) return;
      __taken.longest = Math.max(__taken.longest, at - (__taken.last ?? at));
      __taken.last = at;
    });
  }
};
"""


async def tabs(checks, browser, options):
    """Ten tabs at once, each in a window of its own, so that all draw; and an eleventh that takes in nothing."""
    async with Flood(options) as flood:
        context = await browser.context()
        first = await browser.tab(context, script=TAKEN, window=True)
        await flood.server.enter(first)
        rest = [await browser.tab(context, script=TAKEN, window=True) for _ in range(9)]
        for tab in rest:
            await tab.go(flood.server.origin)
        every = [first, *rest]
        for tab in every:
            await tab.wait("document.documentElement.dataset.ready === '1'")
        cookies = (await first.call("Network.getCookies", urls=[flood.server.origin]))["cookies"]
        waves = await flood.waves(rate=500, count=SENT, cells=40, gates=8)
        live = "/[1-9]/.test(document.querySelector('#rate').textContent) && document.querySelectorAll('#flow-list button').length >= 8 && !document.hidden"
        found = [await tab.wait(live, 15) for tab in every]
        checks(all(found), "ten tabs are live at once, and seen", found)
        for tab in every:
            await tab.eval("__taken.longest = 0")
        behind, code, took = await slow(flood, cookies[0])
        checks(behind is not None and behind < took, "a tab that takes in nothing is found behind", behind)
        checks(code == 1013 and 9 <= took <= 20 * busy(), "and is closed after 10 s as too slow: 1013", (code, took))
        await waves.sent(SENT)
        for tab in every:
            await tab.wait("/^0/.test(document.querySelector('#rate').textContent)", 10)
        for tab in every:
            await tab.wait(f"__taken.alone + __taken.merged >= {SENT}", 10)
        taken = [await tab.eval("__taken") for tab in every]
        checks(all(t["alone"] + t["merged"] == SENT for t in taken), f"each of the others is sent each of {SENT} waves", taken)
        # Who waited for the slow one would have waited until it was closed.
        checks(all(t["longest"] < 8000 for t in taken), "none of them waits for it", taken)
        openings = [await tab.wait("/opened/.test(document.querySelector('#card h3')?.textContent ?? '')", 10) for tab in every]
        checks(all(openings), "each shows an opening", openings)
        await waves.stop()
        faults = [fault for tab in every for fault in await tab.seen()]
        checks(not faults, "no error, no violation of the policy in any of them", faults)
        for tab in every:
            await tab.close()


async def check(checks, browser, options):
    await tabs(checks, browser, options)
    await growth(checks, browser, options)

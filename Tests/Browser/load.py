"""Five thousand waves a second: neither the page nor its server grows; ten tabs live at once; a slow one slows no other."""
import asyncio
import gzip
import json
import time

import websockets

from flood import Flood
from system import eventually

RATE = 5000
# Bytes of a wave that may remain in the page, whose rings are of fixed size: nothing of it, but what the browser's allocator rounds.
PAGE_BYTES, PAGE_SLACK = 4, 3 << 20
# What the server may keep in all: its buffer of waves (8 MiB), the frames of a minute (12 MiB), and marks.
SERVER_KEPT = 28 << 20


async def heap(tab):
    for _ in range(3):
        await tab.call("HeapProfiler.collectGarbage")
    return (await tab.call("Runtime.getHeapUsage"))["usedSize"]


async def growth(checks, browser, options):
    async with Flood(options) as flood:
        tab = await browser.tab(await browser.context(), motion="no-preference")
        await flood.server.enter(tab)
        waves = await flood.waves(rate=RATE, count=int(RATE * options.seconds))
        await waves.line("sent", limit=20)
        # Names, layouts and compiled scripts are there after a quarter.
        await asyncio.sleep(options.seconds / 4)
        sent = int((await waves.line(r"sent (\d+)", after=len(waves.lines) - 1))[1][1])
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


async def slow(flood, cookie, seconds=30):
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


async def tabs(checks, browser, options):
    """Ten tabs at once, and an eleventh that takes in nothing."""
    async with Flood(options) as flood:
        context = await browser.context()
        first = await browser.tab(context)
        await flood.server.enter(first)
        rest = [await browser.tab(context) for _ in range(9)]
        for tab in rest:
            await tab.go(flood.server.origin)
        every = [first, *rest]
        cookies = (await first.call("Network.getCookies", urls=[flood.server.origin]))["cookies"]
        waves = await flood.waves(rate=500, seconds=60, cells=40, gates=8)
        live = "/[1-9]/.test(document.querySelector('#rate').textContent) && document.querySelectorAll('#flow-list button').length >= 8"
        found = [await tab.wait(live, 15) for tab in every]
        checks(all(found), "ten tabs are live at once", found)
        task = asyncio.create_task(slow(flood, cookies[0]))
        slowed = {}

        async def unharmed():
            """At one moment at least, while the slow one waits, every other tab draws every wave."""
            for number, tab in enumerate(every):
                slowed[number] = await tab.eval("document.querySelector('#banner').hidden ? '' : document.querySelector('#banner').textContent")
            return not any(slowed.values())
        checks(await eventually(unharmed, 9, 0.3) and not task.done(), "none of the others is slowed by it", slowed)
        behind, code, took = await task
        checks(behind is not None and behind < 10, "a tab that takes in nothing is found behind", behind)
        checks(code == 1013 and 9 <= took <= 20, "and is closed after 10 s as too slow: 1013", (code, took))
        openings = []
        for tab in every:
            # A hidden tab rests; what it was sent meanwhile it shows when it is seen.
            await tab.call("Page.bringToFront")
            openings.append(await tab.wait("/opened/.test(document.querySelector('#card h3')?.textContent ?? '')", 10))
        checks(all(openings), "each shows an opening when it is looked at", openings)
        await waves.stop()
        faults = [fault for tab in every for fault in await tab.seen()]
        checks(not faults, "no error, no violation of the policy in any of them", faults)
        for tab in every:
            await tab.close()


async def check(checks, browser, options):
    await tabs(checks, browser, options)
    await growth(checks, browser, options)

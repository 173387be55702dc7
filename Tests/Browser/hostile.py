"""Waves whose every text is hostile: nothing of it runs, nothing of it becomes an element, and what is shown is cut and plain."""
import asyncio
import json

from recordings import HOSTILE
from system import System, message

# Of the page alone: none of these is in it, and a text cannot add one.
FOREIGN = "document.querySelectorAll('img, iframe, object, embed, video, audio, base, form[action^=http], link:not([rel=icon], [rel=stylesheet]), style, script:not([src]), [onload], [onerror], [onmouseover], a[href^=javascript]').length"
# What would change how other text is read: directions, widths of zero, controls.
UNSEEN = r"/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]/"
TEXTS = "(() => { const w = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), out = []; while (w.nextNode()) out.push(w.currentNode.data); return out; })()"


def token(name):
    """As much of a name as a subject can hold."""
    return "".join(c for c in name if c not in " .*>\r\n\t\u0000\u2028")[:80] or "x"


async def publish(system):
    """Each text in each place; what the protocol refuses is refused, the rest is shown."""
    sent = 0
    for name, text in HOSTILE.items():
        for cell in ("a", "b"):
            # A cell with a good name, of which everything else is hostile: the gate opens on it.
            await system.wave(f"{name}-{cell}", 0.97, "hall", content={text[:200]: text, "list": [text, {"deep": text}]}, origin=f"{name}-{cell}")
            sent += 1
        for more in ({"origin": text}, {"domain": text}, {"region": text}, {"polarity": text}, {"lifeforce_cost": text}, {text[:100]: text}):
            data = json.loads(message(f"{name}-c", 0.5, "yard"))
            data["body"] |= more
            await system.client.publish(f"dev.nervous.cells.{name}-c.wave", json.dumps(data).encode())
        data = json.loads(message("d", 0.5, "yard"))
        data["header"]["source"]["entity_id"] = data["header"]["message_id"] = text
        await system.client.publish(f"dev.nervous.cells.{token(text)}.wave", json.dumps(data).encode())
        for raw in (b"", text.encode(), b"[" * 5000, json.dumps({"header": text, "body": text}).encode(), b"\xff\xfe" + text.encode()):
            await system.client.publish(f"dev.nervous.cells.{name}-e.wave", raw)
    await system.wave("large", 0.5, "yard", content={"blob": "B" * 500_000})
    for value in (1e308, -1e308, 2, -1, "1"):
        await system.wave("numbers", value, "yard")
    await system.client.flush()
    return sent


async def walk(tab):
    """Everything is opened once: each gate, each mark, each figure."""
    for query in ("#flow-list button", "#scope-list button", "#figures button"):
        for number in range(min(12, await tab.eval(f"document.querySelectorAll('{query}').length"))):
            await tab.eval(f"document.querySelectorAll('{query}')[{number}]?.click()")
            await asyncio.sleep(0.15)
            yield query, number


async def check(checks, browser, options):
    async with System(options) as system:
        server = await system.web()
        try:
            tab = await browser.tab(await browser.context(), motion="no-preference")
            await server.enter(tab)
            elements = await tab.eval(FOREIGN)
            await publish(system)
            opened = await tab.wait("/hall opened/.test(document.querySelector('#card h3')?.textContent ?? '')", 20)
            checks(opened, "the gate opened on hostile waves", await tab.eval("document.querySelector('#card').textContent.slice(0, 200)"))
            shown = await tab.eval("document.querySelector('#card').textContent")
            checks("<" in shown or "alert" in shown, "the hostile payload is shown, as text", shown[:400])
            longest, unseen, more = 0, [], 0
            async for _ in walk(tab):
                texts = await tab.eval(TEXTS)
                longest = max(longest, max(len(text) for text in texts))
                unseen += [text for text in await tab.eval(f"{TEXTS}.filter((t) => {UNSEEN}.test(t))")]
                more = max(more, await tab.eval(FOREIGN))
            # A payload of 200 letters, a note before it, and what stands in for what is not shown.
            checks(longest <= 1000, "every text is cut", longest)
            checks(not unseen, "no control, no direction, no width of zero reaches the page", [ascii(text)[:200] for text in unseen[:5]])
            checks(more == elements == 0, "no element came of it", (elements, more))
            checks(await tab.eval("document.documentElement.scrollWidth <= innerWidth"), "nothing is pushed out of the window")
            checks(await tab.eval("document.title") == "DEV · nimmerverse", "the title is the page's own", await tab.eval("document.title"))
            faults = [fault for fault in await tab.seen() if "404" not in fault]
            checks(not faults, "nothing ran: no call, no violation of the policy, no error", faults)
            checks(all(url.startswith((server.origin, "about:", server.origin.replace("http", "ws"))) for url in tab.requests),
                   "no other host was asked", [url for url in tab.requests if not url.startswith(server.origin)])
            checks(server.is_alive, "the server lives")
        finally:
            await server.stop()

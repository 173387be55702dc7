"""Waves whose every text is hostile: nothing of it runs, nothing of it becomes an element, and what is shown is cut and plain."""
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


# Requests of the page that are under way, and how many it has sent.
ASKED = """window.__asked = 0; window.__asking = 0; const real = window.fetch;
window.fetch = async (...a) => { __asked++; __asking++; try { return await real(...a); } finally { __asking--; } };
"""
# How many letters the longest text of each kind has; what does not show is written out, and counts as it is written.
LONGEST = """(() => {
    const letters = (text) => [...new Intl.Segmenter("en").segment(text)].length, longest = (query, part = (t) => t) => Math.max(0, ...[...document.querySelectorAll(query)].map((e) => letters(part(e.textContent))));
    return { gate: longest("#flow-list [data-key^=g]", (t) => t.replace(/, (stable|open|closed), potential .*$/s, "")), witness: longest("#card .wit > bdi:not(.mono)"),
        organ: longest("#flow-list [data-key^=o]", (t) => t.split(", organ: ")[0]), payload: longest("#card bdi.mono"), answer: longest("#card .answer"), any: Math.max(...texts().map(letters)) };
    function texts() { return TEXTS; }
})()""".replace("TEXTS", TEXTS)
# Letters of a name, an answer and a payload, and the ellipsis after them; any other text holds one of these and words of the page.
LIMITS = {"gate": 49, "witness": 49, "organ": 49, "payload": 201, "answer": 161, "any": 320}


async def walk(tab, opened):
    """Everything is opened once: each gate, each mark, each figure. Counts what did open: a card that was asked for, a notice, a detail."""
    for query in ("#flow-list button", "#scope-list button", "#figures button"):
        opened[query] = 0
        for number in range(min(12, await tab.eval(f"document.querySelectorAll('{query}').length"))):
            asked = await tab.eval(f"""(() => {{ const before = __asked, button = document.querySelectorAll('{query}')[{number}];
                document.querySelector('#toast').hidden = true; button?.click(); return button ? before : null; }})()""")
            # Marks leave the window meanwhile.
            if asked is None:
                break
            opened[query] += bool(await tab.wait(
                f"__asking === 0 && (__asked > {asked} || !document.querySelector('#toast').hidden) || !document.querySelector('#detail').hidden", 5))
            yield query, number


async def check(checks, browser, options):
    async with System(options) as system:
        server = await system.web()
        try:
            tab = await browser.tab(await browser.context(), script=ASKED, motion="no-preference")
            await server.enter(tab)
            elements = await tab.eval(FOREIGN)
            await publish(system)
            opened = await tab.wait("/hall opened/.test(document.querySelector('#card h3')?.textContent ?? '')", 20)
            checks(opened, "the gate opened on hostile waves", await tab.eval("document.querySelector('#card').textContent.slice(0, 200)"))
            card = "document.querySelector('#card').textContent"
            checks(await tab.wait(f"/<|alert/.test({card})"), "the hostile payload is shown, as text", await tab.eval(card + ".slice(0, 400)"))
            longest, unseen, more, opened = dict.fromkeys(LIMITS, 0), [], 0, {}
            async for _ in walk(tab, opened):
                found = await tab.eval(LONGEST)
                longest = {kind: max(longest[kind], found[kind]) for kind in LIMITS}
                unseen += [text for text in await tab.eval(f"{TEXTS}.filter((t) => {UNSEEN}.test(t))")]
                more = max(more, await tab.eval(FOREIGN))
            checks(all(opened.values()) and opened["#figures button"] == 8, "gates, marks and figures open", opened)
            checks(all(0 < longest[kind] <= most for kind, most in LIMITS.items() if kind not in ("organ", "answer")), "names, payloads and all texts are there, and cut", (longest, LIMITS))
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

"""What the page makes of single frames: its own modules are given frames that no short run of a system brings about."""
import json

from server import Server

# The module of the page with a name, the same instance that draws.
MODULES = """
window.__module = (name) => import(performance.getEntriesByType("resource").map((e) => e.name).find((n) => n.includes(`/assets/${name}.`)));
window.__sockets = [];
window.WebSocket = class extends WebSocket {constructor(...a) {super(...a); __sockets.push(this)}};
"""


async def taken(tab, *frames, then="null"):
    """Gives frames to the page, and what an expression over `model` is after them."""
    return await tab.eval(f"""(async () => {{ const {{model, take, takeWaves, gateAt, cellAt}} = await __module("model");
        for (const frame of {json.dumps(frames)}) take(frame); return {then}; }})()""")


def gate(key, **more):
    return {"n": key[:48], "key": key, "state": "STABLE", "x": 0, "t": 0, "open": 0.5, "close": -0.5, "release": 0.5, "half": 2000,
            "window": 2000, "w": 0.5, "earned": False, "witnesses": 0, "since": None} | more


def cell(name, number, key, **more):
    return {"n": name, "key": key, "gate": number, "virtual": False, "domain": "nervous", "v": None, "at": None} | more


async def keys(checks, tab):
    """Two whose displayed names are the same are two."""
    long = "building-7.floor-2.living-room.window-north-east."
    base = await taken(tab, then="[model.gates.length, model.cells.length]")
    number, cells = await taken(tab, {"k": "names", "gates": [gate(long + "left"), gate(long + "right", state="OPEN", x=0.8)]},
                                then="[model.gates.length, model.cells.length]")
    checks(number == base[0] + 2, "regions whose first 48 letters are the same are two gates", (base, number))
    await taken(tab, {"k": "names", "cells": [cell("camera", base[0], "camera@left", v=0.4, at=1), cell("camera", base[0] + 1, "camera@right")]})
    found = await tab.eval(f"__module('model').then(({{model}}) => [model.cells.length, ...model.gates.slice(-2).map((g) => [g.state, g.cells.length])])")
    checks(found == [cells + 2, ["STABLE", 1], ["OPEN", 1]], "a cell of the same name in each of them has its own place", found)
    asked = len(tab.requests)
    await tab.eval(f"[...document.querySelectorAll('#flow-list button')].findLast((b) => b.textContent.startsWith('building-7')).click()")
    await tab.wait("document.querySelector('#card .refused')")
    asked = [url for url in tab.requests[asked:] if "/gate/" in url]
    checks(len(asked) == 1 and asked[0].endswith(long + "right"), "a gate is asked for by its whole name", asked)


async def commands(checks, tab):
    """A command opens its decision; the shown card is read again by its own frames only, and at most once a second."""
    opening = await taken(tab, then="model.openings.at(-1).id")
    organ, at = await taken(tab, {"k": "names", "organs": [{"n": "crane", "text": "", "at": None}]}, then="[model.organs.length - 1, model.lastAt]")
    await taken(tab, {"k": "command", "id": "c1", "o": organ, "t": at, "text": "lower", "open": None, "g": None},
                {"k": "result", "id": "c2", "o": organ, "t": at, "ok": False, "text": "stuck", "open": opening})
    press = "[...document.querySelectorAll('#flow-list button')].findLast((b) => b.textContent.startsWith('crane')).click()"
    shown = await tab.eval("document.querySelector('#card').textContent")
    await tab.eval(press)
    found = await tab.eval("[document.querySelector('#toast').hidden, document.querySelector('#toast').textContent, document.querySelector('#card').textContent]")
    checks(not found[0] and "decision" in found[1] and found[2] == shown, "a command without a decision is answered with a notice, and the card stays", found)
    await taken(tab, {"k": "command", "id": "c2", "o": organ, "t": at + 1, "text": "raise", "open": opening, "g": 0})
    ends = await taken(tab, then="model.commands.slice(-2).map((c) => [c.id, c.end && c.end.ok])")
    checks(ends == [["c1", None], ["c2", False]], "a result belongs to the command with its id, also when it comes before it", ends)
    reads = lambda: sum("/decision/" in url for url in tab.requests)
    await tab.eval(press)
    checks(await tab.wait("/opened/.test(document.querySelector('#card h3')?.textContent ?? '')"), "a command opens the decision that sent it",
           await tab.eval("document.querySelector('#card').textContent.slice(0, 200)"))
    # The first read may be repeated once, for what came while it was under way.
    before = reads()
    await taken(tab, *[{"k": "command", "id": f"o{n}", "o": organ, "t": at + 2, "text": "x", "open": "another", "g": 0} for n in range(5)])
    own = [{"k": "result", "id": "c2", "o": organ, "t": at + 2 + n, "ok": True, "text": "", "open": opening} for n in range(3)]
    await tab.eval(f"""(async () => {{ const {{take}} = await __module("model"), start = performance.now();
        while (performance.now() - start < 2500) {{ for (const frame of {json.dumps(own)}) take(frame); await new Promise((done) => setTimeout(done, 20)); }} }})()""")
    checks(1 <= reads() - before <= 4, "frames of it that keep coming have the card read again, once a second", reads() - before)
    before = reads()
    again = await tab.eval("""(async () => { const {take} = await __module("model"), frame = {k: "result", id: null, o: 0, t: 1, ok: true, text: "", open: "another"};
        const end = performance.now() + 1500; while (performance.now() < end) { take(frame); await new Promise((done) => setTimeout(done, 50)); } })()""")
    checks(reads() - before <= 1, "frames of other decisions do not", (reads() - before, again))


async def check(checks, browser, options):
    server = await Server.recording(options, at="52s")
    try:
        context = await browser.context()
        tab = await browser.tab(context, script=MODULES)
        await server.enter(tab)
        for part in (keys, commands):
            await part(checks, tab)
        faults = [fault for fault in await tab.seen() if f"404 (Not Found) {server.origin}/gate/" not in fault]
        checks(not faults, "no error, no violation of the policy", faults)
        await tab.close()
    finally:
        await server.stop()

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


async def check(checks, browser, options):
    server = await Server.recording(options, at="52s")
    try:
        context = await browser.context()
        tab = await browser.tab(context, script=MODULES)
        await server.enter(tab)
        for part in (keys,):
            await part(checks, tab)
        faults = [fault for fault in await tab.seen() if f"404 (Not Found) {server.origin}/gate/" not in fault]
        checks(not faults, "no error, no violation of the policy", faults)
        await tab.close()
    finally:
        await server.stop()

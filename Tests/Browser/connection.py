"""The connection of the page, over sockets that a check plays: frames in order, each once; what it does about those it cannot take."""
import json

from frames import MODULES, gate
from server import Server

# The page's next sockets are these. A check opens and closes them, and gives them frames.
FAKES = """
window.__fakes = [];
window.WebSocket = class {
    static OPEN = 1;
    constructor(url) {this.url = String(url); this.readyState = 0; this.sent = []; __fakes.push(this)}
    send(text) {this.sent.push(JSON.parse(text))}
    close() {this.readyState = 3}
};
window.__open = () => {const fake = __fakes.at(-1); fake.readyState = 1; fake.onopen()};
window.__give = (frame) => __fakes.at(-1).onmessage({data: typeof frame === "string" ? frame : JSON.stringify(frame)});
window.__lose = () => {const fake = __fakes.at(-1); fake.readyState = 3; fake.onclose({code: 1006})};
window.__pack = async (frame) => {
    const packed = new Uint8Array(await new Response(new Blob([JSON.stringify(frame)]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
    const data = new Uint8Array(packed.length + 1);
    data[0] = 3;
    data.set(packed, 1);
    return data.buffer;
};
window.__waves = (seq) => {
    const data = new DataView(new ArrayBuffer(16));
    data.setUint8(0, 1);
    data.setUint32(4, seq, true);
    __fakes.at(-1).onmessage({data: data.buffer});
};
window.__hide = (hidden) => {
    Object.defineProperty(document, "hidden", {configurable: true, value: hidden});
    document.dispatchEvent(new Event("visibilitychange"));
};
__sockets.at(-1).close();
"""
BANNER = "document.querySelector('#banner').textContent"


async def give(tab, *frames):
    for frame in frames:
        await tab.eval(f"__give({json.dumps(frame)})")


async def sockets(tab, number):
    """Waits until the page has begun so many, and answers the address of the last."""
    await tab.wait(f"__fakes.length >= {number}", 10)
    return await tab.eval("[__fakes.length, __fakes.at(-1).url]")


def names(seq, key):
    return {"k": "names", "seq": seq, "gates": [gate(key)]}


async def gates(tab):
    return await tab.eval("__module('model').then(({model}) => model.gates.length)")


async def order(checks, tab):
    await tab.eval(FAKES)
    number, address = await sockets(tab, 1)
    checks("after=" in address, "a lost connection is resumed", address)
    last = int(address.rsplit(".", 1)[1])
    await tab.eval("__open()")
    before = await gates(tab)
    await give(tab, names(last + 1, "first"), names(last + 1, "again"), names(last + 2, "second"))
    checks(await gates(tab) == before + 2, "a frame that comes twice is taken once", (before, await gates(tab)))
    await give(tab, names(last + 4, "after a gap"))
    number, address = await sockets(tab, 2)
    checks(number == 2 and "after=" not in address and await gates(tab) == before + 2, "after a missing frame the page begins again", (number, address))
    await tab.eval("__open()")
    now = await tab.eval("__module('time').then(({sourceNow}) => sourceNow())")
    await give(tab, {"k": "snapshot", "boot": "other", "seq": 10, "env": "dev", "role": "observer", "csrf": None, "mode": None, "now": now, "from": None,
                     "source": {"kind": "live", "name": "fake"}, "cells": [], "gates": [], "minds": [], "organs": [], "collapses": 0, "openings": [],
                     "marks": [], "health": {}})
    before = await gates(tab)
    # The connection is lost while a packed frame is being opened.
    await tab.eval(f"__pack({json.dumps(names(11, 'packed'))}).then((data) => {{ __fakes.at(-1).onmessage({{data}}); __lose(); }})")
    number, address = await sockets(tab, 3)
    checks(address.endswith("after=other.10"), "what an old connection still opens is not taken", address)
    await tab.eval("__open()")
    await give(tab, names(11, "packed"))
    checks(await gates(tab) == before + 1, "and comes once over the next", (before, await gates(tab)))
    await give(tab, {"k": "behind", "n": 4}, names(15, "while behind"))
    checks(await gates(tab) == before + 2 and await tab.eval("__fakes.length") == 3, "while a tab is behind, numbers may be missing")
    await tab.eval("__waves(16)")
    await give(tab, names(18, "after a gap"))
    number, address = await sockets(tab, 4)
    checks(number == 4 and "after=" not in address, "and no longer once every wave is sent again", (number, address))
    before = await gates(tab)
    await tab.eval("__open(); __hide(true)")
    await give(tab, names(40, "while hidden"))
    await tab.eval("__hide(false); __waves(45)")
    await give(tab, names(46, "seen again"))
    checks(await gates(tab) == before + 2 and await tab.eval("__fakes.length") == 4, "a hidden tab is sent no waves, and misses no frame", await tab.eval("__fakes.length"))
    await tab.eval("__give('{not JSON')")
    number, address = await sockets(tab, 5)
    checks(number == 5 and "after=" not in address, "after a frame that is not understood the page begins again", (number, address))


async def refusals(checks, tab):
    """A handshake that fails: the page asks why, and names it."""
    # What answers the next question, at once: the page tries again soon, after which an answer would count no more. Without it `__answer` does.
    await tab.eval("""window.__answer = null; window.__reply = null; window.__fetch = window.fetch;
        window.fetch = (path, options) => path !== "/" ? __fetch(path, options) : new Promise((done) => {
            window.__answer = (status, body) => done(new Response(JSON.stringify(body), {status}));
            if (__reply) __answer(...__reply);
        });""")
    count = await tab.eval("__fakes.length")
    await tab.eval("__reply = [421, {error: 'another name', remedy: 'use the address that was printed'}]; __lose()")
    text = await tab.wait(f"/another name/.test({BANNER}) && {BANNER}", 5)
    checks(text and "use the address" in text, "why the server takes no connection is named, and the remedy", await tab.eval(BANNER))
    await sockets(tab, count + 1)
    await tab.eval("__answer = __reply = null; __lose()")
    await tab.wait("__answer !== null")
    await sockets(tab, count + 2)
    await tab.eval("__open(); __answer(401, {error: 'there is no session'})")
    await tab.still()
    shown = await tab.eval("document.querySelector('#state').textContent")
    checks(shown != "Ended", "an answer about a former attempt does not end a connection that is open", shown)
    count = await tab.eval("__fakes.length")
    await tab.eval("__lose()")
    await sockets(tab, count + 1)
    await tab.eval("__reply = [401, {error: 'there is no session'}]; __lose()")
    ended = await tab.wait("document.querySelector('#state').textContent === 'Ended'", 5)
    checks(ended, "without a session it has ended", await tab.eval(BANNER))


async def check(checks, browser, options):
    server = await Server.recording(options, at="52s")
    try:
        context = await browser.context()
        tab = await browser.tab(context, script=MODULES)
        await server.enter(tab)
        await order(checks, tab)
        await refusals(checks, tab)
        faults = [fault for fault in await tab.seen() if "The page begins again" not in fault]
        checks(not faults, "no error, no violation of the policy", faults)
        await tab.close()
    finally:
        await server.stop()

"""Commands that wait for a person, by the page alone; and one past from the buffer, the streams and PostgreSQL."""
import json

from drawing import inside
from live import FRAMES
from system import CONFIRM, System, eventually

# The state itself: the list beside the drawing follows it at leisure.
STABLE = inside("model", "m.model.gates.find((g) => g.n === 'plant')?.state === 'STABLE'")
FOOT, CARD = "document.querySelector('#foot').textContent", "document.querySelector('#card').textContent"


async def commanded(system):
    """What is sent to the motor, from now on."""
    sent = []

    async def take(message):
        sent.append(json.loads(message.data)["body"])
    await system.client.subscribe("dev.nervous.cells.motor.request.>", cb=take)
    await system.client.subscribe("dev.nervous.cells.motor.request", cb=take)
    await system.client.flush()
    return sent


async def waits(tab, system, number):
    """Opens the gate and waits until its commands wait for a person."""
    await system.agree("plant", ("press", "valve"))
    await tab.wait(f"__frames.filter((f) => f.k === 'collapse').length >= {number}", 15)
    # One that was shown a moment ago stays; the new one is a click away.
    await tab.wait("!document.querySelector('#newer').hidden || document.querySelector('#foot [data-key=approve]') !== null", 15)
    if await tab.eval("!document.querySelector('#newer').hidden"):
        await tab.click("#newer")
    return await tab.wait("document.querySelector('#foot [data-key=approve]') !== null", 20)


async def verdicts(checks, tab, system):
    sent = await commanded(system)
    checks(await waits(tab, system, 1), "commands of `confirm` wait for a person, who is asked", await tab.eval(f"{FOOT} + {CARD}.slice(0, 600)"))
    text = await tab.eval(FOOT)
    checks("May it be done" in text and "Refuse" in text, "with both answers, and until when", text)
    checks(not sent, "nothing has left", sent)
    await tab.eval("document.querySelector('#foot [data-key=approve]').focus()")
    await tab.key("Enter")

    async def left():
        return sent
    checks(await eventually(left, 15) and [s.get("command") for s in sent] == ["stop"], "approved by the keyboard it leaves, once", sent)
    checks(await tab.wait("document.querySelector('#foot [data-key=approve]') === null", 10), "and nothing is asked any more", await tab.eval(FOOT))


async def organ(checks, tab):
    """The organ that a command went to opens the decision that sent it."""
    button = "[...document.querySelectorAll('#flow-list button')].find((b) => b.textContent.startsWith('motor, organ'))"
    checks(await tab.wait(button + " !== undefined && __frames.some((f) => f.k === 'command')", 10), "who was sent a command is shown", await tab.eval("document.querySelector('#flow-list').textContent"))
    await tab.eval("document.querySelector('#flow-list button').click()")
    await tab.wait(f"/did it not open|is open/.test({CARD})", 10)
    await tab.eval(button + ".click()")
    shown = await tab.wait(f"/plant opened/.test(document.querySelector('#card h3')?.textContent ?? '') && /motor/.test({CARD}.split('What was done')[1] ?? '')", 10)
    checks(shown, "and opens the decision", await tab.eval(CARD + ".slice(0, 300)"))


async def refused(checks, tab, system):
    sent = await commanded(system)
    # The gate is stable again before it can open again.
    await tab.wait(STABLE, 30)
    checks(await waits(tab, system, 2), "the next opening asks again", await tab.eval(FOOT))
    await tab.click("#foot [data-key=refuse]")
    checks(await tab.wait("document.querySelector('#foot [data-key=refuse]') === null", 15), "a click refuses", await tab.eval(FOOT))
    shown = await tab.wait(f"/refused/.test({CARD}.split('What was done')[1] ?? '') && {CARD}", 10)
    checks(shown, "and the card shows it", await tab.eval(CARD + ".slice(-400)"))
    found = ""

    async def nothing():
        nonlocal found
        found = await system.nimmer("mind", "pending")
        return "stop" not in found
    checks(await eventually(nothing, 15), "`nimmer mind pending` has nothing left", found)
    checks(not sent, "nothing has left", sent)


PAST = """(from) => fetch(`/history?from=${from}&to=${Date.now()}&columns=200`).then((r) => r.json()).then((h) => ({
    source: h.source, note: h.note ?? null, openings: h.marks.filter((m) => m.k === "collapse").map((m) => m.id),
    gates: h.marks.filter((m) => m.k === "gate").map(({state, t}) => ({state, t})), asked: h.marks.filter((m) => m.k === "request").map((m) => m.id),
    waves: h.cells.reduce((n, c) => n + atob(c.count).split("").filter((b) => b !== "\\0").length, 0) }))"""


def alike(checks, source, buffer, other):
    for what in ("openings", "asked"):
        checks(other[what] == buffer[what], f"{source}: the same {what}, each once", (buffer[what], other[what]))
    # A message arrives some milliseconds after what it reports.
    states = lambda found: [gate["state"] for gate in found["gates"]]
    near = states(other) == states(buffer) and all(abs(a["t"] - b["t"]) < 500 for a, b in zip(other["gates"], buffer["gates"]))
    checks(near, f"{source}: the same states of gates, at the same times", (buffer["gates"], other["gates"]))


async def read(page, begun, buffer, waves=0):
    """The past as a page has it, once it is as much as the buffer had, with so many waves."""
    found = None

    async def whole():
        nonlocal found
        found = await page.eval(f"({PAST})({begun})")
        return found["waves"] >= waves and all(len(found[what]) >= len(buffer[what]) for what in ("openings", "asked", "gates"))
    await eventually(whole, 10, 0.5)
    return found


async def past(checks, browser, tab, system, server, begun):
    """The same openings, transitions and requests, wherever they are read; each of them once."""
    # Nothing changes any more between one reading and the next.
    await tab.wait(STABLE, 30)
    buffer = await tab.eval(f"({PAST})({begun})")
    # For the moment before the first wave that is kept the streams are asked; they may have stored something of it by then.
    checks(buffer["source"] in ("buffer", "mixed") and len(buffer["openings"]) == 2, "what was just now is in the buffer", buffer)
    await server.stop()
    again = await system.web("--listen", server.origin.split("//")[1])
    page = await browser.tab(await browser.context(), script=FRAMES)
    await again.enter(page)
    streams = await read(page, begun, buffer)
    checks(streams["source"] in ("streams", "mixed"), "after a new start of the page it comes from the streams", streams)
    alike(checks, "the streams", buffer, streams)
    await page.close()
    # What is not in the streams any more PostgreSQL has.
    await again.stop()
    js = system.client.jetstream()
    names = [stream.config.name for stream in await js.streams_info()]

    async def stored():
        readers = [reader for name in names for reader in await js.consumers_info(name) if (reader.name or "").startswith("hippocampus")]
        return readers and not any(reader.num_pending or reader.num_ack_pending for reader in readers)
    checks(await eventually(stored, 20), "PostgreSQL is written to the end of the streams")
    for name in names:
        await js.delete_stream(name)
    again = await system.web("--listen", server.origin.split("//")[1])
    page = await browser.tab(await browser.context(), script=FRAMES)
    await again.enter(page)
    # Waves of a cell that was not heard since the start are left out.
    for cell in ("press", "valve"):
        await system.wave(cell, 0.05, "plant")
    memory = await read(page, begun, buffer, 3)
    checks(memory["waves"] > 2, "from PostgreSQL the witnesses of the openings come as waves", memory)
    checks(memory["source"] in ("memory", "mixed"), "without the streams it comes from PostgreSQL", memory)
    alike(checks, "PostgreSQL", buffer, memory)
    await page.close()
    return again


async def check(checks, browser, options):
    async with System(options, CONFIRM) as system:
        server = await system.web()
        try:
            tab = await browser.tab(await browser.context(), script=FRAMES)
            await server.enter(tab)
            begun = await tab.eval("Date.now()")
            await verdicts(checks, tab, system)
            await organ(checks, tab)
            await refused(checks, tab, system)
            server = await past(checks, browser, tab, system, server, begun)
        finally:
            await server.stop()

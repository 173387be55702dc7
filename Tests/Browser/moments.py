"""One moment of the committed minute: the page, the terminal's lines and its JSON show the same; looking back, and seeking there."""
import asyncio
import json
import re

from browser import busy
from pictures import EXPLAINED, QUIET, SOCKETS, text_of
from recordings import BEGUN
from server import MINUTE, Server
from system import eventually

# The moment of a report of the thalamus, after which no message has come yet: potentials as it states them.
MOMENT = 51.9
LISTS = ("#flow-list", "#scope-list", "#attention", "#clock", "#state", "#card")


async def nimmer(options, *words):
    process = await asyncio.create_subprocess_exec(
        f"{options.binaries}/nimmer", "wave", "tail", "--from", MINUTE, "--at", f"{MOMENT}s", "--all", *words,
        env={"HOME": options.folder, "TZ": "UTC", "PATH": "/usr/bin:/bin"}, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE)
    text = (await asyncio.wait_for(process.communicate(), 60 * busy()))[0].decode()
    return text.splitlines()


def signed(value):
    text = f"{abs(value):.2f}"
    return text if text == "0.00" else ("−" if value < 0 else "+") + text


def of_json(lines):
    """Gates with state and potential, the cells of each, attention and openings, by the messages alone."""
    states, potentials, weights, cells, openings, mode = {}, {}, {}, {}, 0, None
    for message in map(json.loads, lines):
        kind, body = message["header"]["message_type"], message["body"]
        if kind == "WaveSignal":
            cells.setdefault(body["domain"], set()).add(message["header"]["source"]["entity_id"])
        elif kind == "GateTransition":
            states[body["gate_id"]] = body["to_state"]
            openings += body["to_state"] == "open"
        elif kind == "Attention":
            mode, reported = body["mode"], [*body["open_gates"], *body["rising_gates"]]
            potentials = {gate["gate_id"]: gate["potential"] for gate in reported}
            states |= {gate["gate_id"]: gate["state"] for gate in reported}
            weights |= {gate["gate_id"]: gate["weight"] for gate in reported}
    many = lambda n: f"{n} cell{'s' if n != 1 else ''}"
    trust = lambda name: f", trust {weights[name]:.2f}" if name in weights else ""
    return {"gates": sorted(f"{name}, {states.get(name, 'stable')}, potential {signed(potentials.get(name, 0))}, {many(len(of))}{trust(name)}" for name, of in cells.items()),
            "openings": openings, "mode": mode}


def of_lines(lines):
    """The same of the printed lines, as far as they show it."""
    collapses = [line for line in lines if re.match(r"\S+ ◉ collapse", line)]
    attention = next(line for line in reversed(lines) if " attention " in line).split()
    opened = {}
    for line in lines:
        if found := re.match(r"\S+ \S+ gate +(\S+) +\S+ +\S+ → (\S+)", line):
            opened[found[1]] = found[2].lower()
    return {"openings": len(collapses), "mode": attention[3], "states": opened, "potential": attention[-2:], "at": [line[:8] for line in collapses]}


# Gates, attention, openings in the window, and the number of the card's.
SHOWN = """[
    [...document.querySelectorAll('#flow-list [data-key^=g]')].map((b) => b.textContent), document.querySelector('#attention').textContent,
    [...document.querySelectorAll('#scope-list button')].map((b) => b.textContent).filter((t) => t.includes('opened at')),
    document.querySelector('#card').textContent.match(/opening (\\d+) of (\\d+)/)?.slice(1).map(Number)]"""


async def same(checks, browser, options):
    printed, messages = of_lines(await nimmer(options, "--lines")), of_json(await nimmer(options, "--json"))
    server = await Server.recording(options, at=f"{MOMENT}s")
    try:
        tab = await browser.tab(await browser.context())
        await server.enter(tab)
        await tab.wait(EXPLAINED + " && document.querySelectorAll('#scope-list button').length > 0")
        gates = mode = opened = number = None

        async def equal():
            # Lists are written at leisure; all in one moment.
            nonlocal gates, mode, opened, number
            texts, mode, marks, number = await tab.eval(SHOWN)
            # After its trust come its cells' values.
            gates = sorted(re.sub(r"(, \d+ cells?(, trust [\d.]+)?).*", r"\1", text) for text in texts)
            opened = [re.search(r"at (\S+),", text)[1] for text in marks]
            return (gates, mode, opened, number) == (messages["gates"], messages["mode"], printed["at"], [messages["openings"]] * 2)
        await eventually(equal, 15)
        checks(gates == messages["gates"], "the page's gates are those of the messages: names, states, potentials, cells", (gates, messages["gates"]))
        checks(mode == messages["mode"] == printed["mode"], "page, JSON and lines show the same attention", (mode, messages["mode"], printed["mode"]))
        checks(opened == printed["at"], "page and lines show the same openings", (opened, printed["at"]))
        checks(number == [messages["openings"]] * 2 and printed["openings"] == messages["openings"], "page, JSON and lines count the same openings",
               (number, messages["openings"], printed["openings"]))
        named = {text.split(", ")[0]: text.split(", ")[1] for text in gates}
        checks(all(named.get(name) == state for name, state in printed["states"].items()), "the states of the lines are the page's", (named, printed["states"]))
        name, potential = printed["potential"]
        checks(any(text.startswith(f"{name}, ") and f"potential {potential.replace('-', '−')}," in text for text in gates), "the potential of the lines is the page's", (gates, printed))
        await tab.close()
    finally:
        await server.stop()


async def lists(tab):
    # A mind or organ keeps its place until the page is loaded again, and has nothing to show.
    found = {query: await text_of(tab, query) for query in LISTS}
    found["#flow-list"] = [text for text in found["#flow-list"] if not re.search(r": no (question|command) yet$", text)]
    return found


async def seek(checks, browser, options):
    """After a jump back nothing of what comes later is left: the page shows what one shows that is opened there."""
    server = await Server.recording(options, at="52s")
    try:
        context = await browser.context()
        tab = await browser.tab(context, script=SOCKETS)
        await server.enter(tab)
        await tab.wait(EXPLAINED)
        await tab.key(" ")
        # Before the first opening, and after it while its gate is open.
        for seconds, clock in ((10, "18:30:10"), (25, "18:30:25")):
            await tab.eval(f"__sockets.at(-1).send(JSON.stringify({{ seek: {BEGUN + seconds * 1000} }}))")
            arrived = f"{QUIET} && document.querySelector('#clock').textContent.includes('{clock}')"
            checks(await tab.wait(arrived), f"the page seeks to {clock}", await tab.eval("document.querySelector('#clock').textContent"))
            # In a window of its own: a page behind another writes nothing.
            other = await browser.tab(context, window=True)
            await other.go(server.origin)
            await other.wait(arrived + " && document.querySelectorAll('#scope-list button').length > 0")
            found = fresh = None

            async def equal():
                nonlocal found, fresh
                found, fresh = await lists(tab), await lists(other)
                return found == fresh
            await eventually(equal, 15, 0.3)
            checks(found == fresh, f"at {clock} it shows what a page shows that is opened there", {q: (found[q], fresh[q]) for q in LISTS if found[q] != fresh[q]})
            await other.close()
        # An opening that was shown, and is to come, is no error.
        faults = [fault for fault in await tab.seen() if f"404 (Not Found) {server.origin}/decision/" not in fault]
        checks(not faults, "no error, no violation of the policy", faults)
        await tab.close()
    finally:
        await server.stop()


async def check(checks, browser, options):
    await same(checks, browser, options)
    await seek(checks, browser, options)

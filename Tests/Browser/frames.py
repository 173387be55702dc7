"""What the page makes of single frames: its own modules are given frames that no short run of a system brings about."""
import json

from pictures import HOLD
from server import Server

# The module of the page with a name, the same instance that draws.
MODULES = """
window.__module = (name) => import(performance.getEntriesByType("resource").map((e) => e.name).find((n) => n.includes(`/assets/${name}.`)));
window.__sockets = [];
window.WebSocket = class extends WebSocket {constructor(...a) {super(...a); __sockets.push(this)}};
"""
FOOT = "document.querySelector('#foot').textContent"
CARD = "document.querySelector('#card').textContent"


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
    await tab.eval(f"document.querySelector('#flow-list [data-key=g{base[0] + 1}]').click()")
    await tab.wait("document.querySelector('#card .refused') !== null")
    asked = [url for url in tab.requests[asked:] if "/gate/" in url]
    checks(len(asked) == 1 and asked[0].endswith(long + "right"), "a gate is asked for by its whole name", asked)


async def commands(checks, tab):
    """A command opens its decision; the shown card is read again by its own frames only, and at most once a second."""
    opening = await taken(tab, then="model.openings.at(-1).id")
    organ, at = await taken(tab, {"k": "names", "organs": [{"n": "crane", "text": "", "at": None}]}, then="[model.organs.length - 1, model.lastAt]")
    await taken(tab, {"k": "command", "id": "c1", "o": organ, "t": at, "text": "lower", "open": None, "g": None},
                {"k": "result", "id": "c2", "o": organ, "t": at, "ok": False, "text": "stuck", "open": opening})
    press = f"document.querySelector('#flow-list [data-key=o{organ}]').click()"
    found = await tab.eval(f"""(() => {{ const before = {CARD}; {press};
        return [document.querySelector('#toast').hidden, document.querySelector('#toast').textContent, before, {CARD}]; }})()""")
    checks(not found[0] and "decision" in found[1] and found[2] == found[3], "a command without a decision is answered with a notice, and the card stays", found)
    await taken(tab, {"k": "command", "id": "c2", "o": organ, "t": at + 1, "text": "raise", "open": opening, "g": 0})
    ends = await taken(tab, then="model.commands.slice(-2).map((c) => [c.id, c.end && c.end.ok])")
    checks(ends == [["c1", None], ["c2", False]], "a result belongs to the command with its id, also when it comes before it", ends)
    # Counted where they are asked for: what the browser reports of them comes later.
    await tab.eval("""window.__reads = 0; { const real = window.fetch;
        window.fetch = (path, ...more) => { __reads += path.startsWith("/decision/"); return real(path, ...more); }; }""")
    await tab.eval(press)
    checks(await tab.wait("/opened/.test(document.querySelector('#card h3')?.textContent ?? '')"), "a command opens the decision that sent it",
           await tab.eval("document.querySelector('#card').textContent.slice(0, 200)"))
    # The first read may be repeated once, for what came while it was under way.
    before = await tab.eval("__reads")
    await taken(tab, *[{"k": "command", "id": f"o{n}", "o": organ, "t": at + 2, "text": "x", "open": "another", "g": 0} for n in range(5)])
    own = [{"k": "result", "id": "c2", "o": organ, "t": at + 2 + n, "ok": True, "text": "", "open": opening} for n in range(3)]
    after = await tab.eval(f"""(async () => {{ const {{take}} = await __module("model"), start = performance.now();
        while (performance.now() - start < 2500) {{ for (const frame of {json.dumps(own)}) take(frame); await new Promise((done) => setTimeout(done, 20)); }}
        return __reads; }})()""")
    checks(1 <= after - before <= 4, "frames of it that keep coming have the card read again, once a second", after - before)
    again = await tab.eval("""(async () => { const {take} = await __module("model"), frame = {k: "result", id: null, o: 0, t: 1, ok: true, text: "", open: "another"};
        const end = performance.now() + 1500; while (performance.now() < end) { take(frame); await new Promise((done) => setTimeout(done, 50)); }
        return __reads; })()""")
    checks(again - after <= 1, "frames of other decisions do not", again - after)


# A server that answers as a check asks for: cards and curves from `__answers`, an act once `__release` is called.
ANSWERS = """
(async () => {
    const {model} = await __module("model"), real = window.fetch;
    model.role = "operator";
    model.source.kind = "live";
    window.__answers = {decision: null, whatIf: null};
    window.__acts = [];
    const json = (body) => new Response(JSON.stringify(body), {headers: {"Content-Type": "application/json"}});
    window.fetch = async (path, options) => {
        if (options?.method === "POST") return new Promise((done) => {
            __acts.push(JSON.parse(options.body));
            window.__release = (body) => done(json(body));
        });
        if (path.startsWith("/decision/")) return json(__answers.decision);
        if (path.startsWith("/what-if/")) return json(__answers.whatIf);
        return real(path, options);
    };
})()
"""
def decision(identity, **more):
    return {"id": identity, "collapse": "c" + identity, "gate": 0, "name": "math", "title": "math opened", "at": 1e12, "number": 1, "of": 1,
            "confidence": 0.9, "sentence": "Two witnesses agreed.", "witnesses": [], "request": None, "answers": [], "refused": [], "commands": [],
            "waiting": None, "outcome": None, "awaited": True, "then": 0.5, "open": 0.5, "close": -0.5, "memory": False,
            "trust": {"now": 0.75, "earned": True, "confirmed": 0.8, "partial": 0.75, "failed": 0.6},
            "points": [[1e12 - 1000, 0], [1e12, 0.6], [1e12 + 1000, 0.3]]} | more


async def shown(tab, card, until="true"):
    """Shows a card, or what it has become."""
    await tab.eval(f"""(async () => {{ const {{showOpening}} = await __module("decision"); __answers.decision = {json.dumps(card)};
        await showOpening({json.dumps(card['id'])}); }})()""")
    return await tab.wait(until, 5)


async def outcomes(checks, tab):
    """The foot names the outcome and the trust that changed, and never falls back to an older card."""
    await tab.eval(ANSWERS)
    card = decision("d1")
    await shown(tab, card, FOOT + ".includes('Was it true')")
    await tab.eval("document.querySelector('#foot [data-key=confirmed]').click()")
    await tab.eval("document.querySelector('#foot [data-key=send]').click()")
    await tab.wait("__acts.length === 1")
    # A card from before the act was recorded is read while it is under way, and once more after it.
    await shown(tab, card)
    await tab.eval("__release({text: 'confirmed', before: 0.5, after: 0.75})")
    checks(await tab.wait(f"/confirmed.*Trust 0.50 → 0.75/.test({FOOT})", 5), "the answer to an act names the trust that changed", await tab.eval(FOOT))
    await shown(tab, card)
    foot = await tab.eval(FOOT)
    checks("Trust 0.50 → 0.75" in foot and "Was it true" not in foot, "a card from before the act does not bring the question back", foot)
    known = {"result": "confirmed", "by": "eve", "at": 1e12, "note": None, "before": 0.5, "after": 0.75}
    foot = await shown(tab, decision("d1", outcome=known, awaited=False), f"{FOOT}.includes('eve') && {FOOT}")
    checks(foot and "Trust 0.50 → 0.75" in foot and "Undo" in foot, "the card after it names who confirmed it, and the trust", await tab.eval(FOOT))
    await tab.eval("document.querySelector('#foot [data-key=undo]').click()")
    await tab.wait("__acts.length === 2")
    await tab.eval("__release({text: 'taken back', before: 0.75, after: 0.5})")
    checks(await tab.wait(FOOT + ".includes('Was it true')", 5), "what is taken back can be reported again", await tab.eval(FOOT))
    found = await shown(tab, decision("d2", awaited=False), f"!document.querySelector('#foot .act') && {FOOT}.includes('awaits no outcome')")
    checks(found, "where no outcome is awaited, the foot names that and has no button", await tab.eval(FOOT))
    # Each report of a recording's state sets the time: the reports wait, the time stands until the commands are shown, and runs then.
    await tab.eval(HOLD)
    until = await tab.eval("__module('time').then(({freezeClock, sourceNow}) => { freezeClock(sourceNow()); return sourceNow(); })") + 1000
    found = await shown(tab, decision("d3", waiting={"id": "d3", "until": until}, awaited=False), "document.querySelector('#foot [data-key=approve]') !== null")
    checks(found, "commands that wait are approved or refused", await tab.eval(FOOT))
    await tab.eval("__module('time').then(({setClock, sourceNow}) => setClock(sourceNow(), 1))")
    checks(await tab.wait("document.querySelector('#foot [data-key=approve]') === null", 5), "and not offered once they wait no longer", await tab.eval(FOOT))
    await tab.eval("__resume()")
    card = decision("d4", waiting={"id": "d4", "until": until + 3600000})
    await shown(tab, card, "document.querySelector('#foot [data-key=approve]') !== null")
    await tab.eval("document.querySelector('#foot [data-key=approve]').click()")
    await tab.wait("__acts.length === 3")
    await tab.eval("__release({text: 'approved'})")
    checks(await tab.wait("document.querySelector('#foot [data-key=approve]') === null", 5), "what was approved is not asked again", await tab.eval(FOOT))


async def slider(checks, tab):
    """The slider rests at the trust of the opening, and keeps no answer away while it is held."""
    card = decision("s1", request={"id": "r", "at": 1e12, "event": "door_open", "budget": 2, "until": 1e12 + 5000, "actions": ["greet (0.90)"]})
    await shown(tab, card, "document.querySelector('#card input[type=range]') !== null")
    found = await tab.eval("[document.querySelector('#card input[type=range]').value, document.querySelector('#card .true') === null]")
    checks(found == ["0.5", True], "the slider rests at the trust of the opening", found)
    text = await tab.eval(CARD)
    checks("nothingWhy then" in text, "what there is not has no trace, such as commands", text)
    checks(all(part in text for part in ("What was asked", "door_open", "2 LF", "greet")), "the request is shown: event, budget, suggested actions", text)
    await tab.eval("document.querySelector('#card input[type=range]').focus(); __answers.whatIf = {trust: 0.51, points: [[1e12 - 1000, 0], [1e12, 0.7]], opens: true, at: 1e12 - 200, note: ''}")
    await tab.key("ArrowRight")
    await tab.wait("document.querySelector('#card .true') !== null", 5)
    after = decision("s1", answers=[{"text": "greet them", "by": "mind", "took": 3, "lf": 1, "outcome": "answered", "reason": None}])
    arrived = await shown(tab, after, CARD + ".includes('greet them')")
    checks(arrived, "an answer appears while the slider is held", await tab.eval(CARD))
    found = await tab.eval("[document.activeElement.type, document.activeElement.value, document.querySelector('#card .true') !== null]")
    checks(found == ["range", "0.51", True], "and the slider keeps its place, focus and curve", found)


async def facts(checks, tab):
    """What the thalamus explains of a gate reaches an open page."""
    found = await taken(tab, {"k": "facts", "facts": [[0, 750, 1234, True, 0.83]]}, then="(({half, window, earned, w}) => [half, window, earned, w])(model.gates[0])")
    checks(found == [750, 1234, True, 0.83], "half-life, window and trust of a gate are taken over", found)
    found = await tab.wait("document.querySelector('#flow-list [data-key=g0]').textContent.includes('trust 0.83')", 5)
    checks(found, "the list names a gate's trust", await tab.eval("document.querySelector('#flow-list').textContent"))


async def back(checks, tab):
    """A source that comes back to an earlier moment shows nothing of later ones."""
    at = await taken(tab, then="model.lastAt")
    base = await taken(tab, {"k": "names", "gates": [gate("later", state="OPEN", x=0.9, t=at)], "organs": [{"n": "lift", "text": "", "at": None}]}, then="[model.gates.length - 1, model.organs.length - 1]")
    await taken(tab, {"k": "names", "cells": [cell("eye", base[0], "eye@later", v=0.9, at=at)]}, {"k": "command", "id": "l1", "o": base[1], "t": at, "text": "up", "open": None})
    await tab.key("x")
    await tab.key(" ")
    earlier = {"k": "snapshot", "boot": "earlier", "seq": 1, "env": "dev", "role": "player", "csrf": None, "mode": None, "now": at - 30000, "from": at - 60000,
               "source": await tab.eval("__module('model').then(({model}) => model.source)"), "cells": [cell("eye", 0, "eye@later")], "gates": [gate("later")],
               "minds": [], "organs": [{"n": "lift", "text": "", "at": None}], "collapses": 0, "openings": [], "marks": [], "health": {}}
    found = await taken(tab, earlier, then="[model.gates.at(-1).state, model.gates.at(-1).x, model.cells.at(-1).v, model.cells.at(-1).at, model.organs.at(-1).text, model.commands.length]")
    checks(found == ["STABLE", 0, None, 0, "", 0], "gates, cells, organs and marks are as nothing had come yet", found)
    found = await tab.eval("[document.querySelector('#pause').ariaPressed, document.querySelector('#mark').ariaPressed, document.querySelector('#live').hidden]")
    checks(found == ["false", "false", True], "the view is neither paused nor marked at a moment that has not come", found)


async def banner(checks, tab):
    """What is counted each second is not announced each second."""
    found = await tab.eval("""(async () => {
        const {take} = await __module("model"), notice = document.querySelector("#notice"), texts = [];
        new MutationObserver(() => texts.push(notice.textContent)).observe(notice, {childList: true, characterData: true, subtree: true});
        for (const n of [2, 4, 8, 1]) take({k: "behind", n});
        await new Promise((done) => setTimeout(done, 0));
        return [notice.role, texts, document.querySelector("#banner").closest("[role=status]") === null];
    })()""")
    checks(found[0] == "status" and len(found[1]) <= 2 and found[2], "a state is announced once, and its numbers are not", found)


async def bounds(checks, tab):
    """Lists are of the time that the page keeps, and hold each thing once."""
    found = await tab.eval("""(async () => {
        const {model, take, mark} = await __module("model"), old = model.lastAt - 7200000, gate = () => model.gates[0].history;
        const sizes = () => [model.openings.length, model.requests.length, model.commands.length, gate().length];
        const before = sizes(), at = (n) => old + n * 1000, result = {k: "result", id: "none", o: 0, t: old, ok: true};
        const add = () => {
            for (let n = 0; n < 3000; n++) {
                mark({k: "collapse", id: `b${n}`, c: `bc${n}`, g: 0, t: at(n), confidence: 1}, true);
                mark({k: "request", id: `br${n}`, c: `bc${n}`, g: 0, m: 0, t: at(n), until: at(n)}, true);
                mark({k: "command", id: `bd${n}`, o: 0, t: at(n), text: "", open: null}, true);
                mark({k: "gate", g: 0, state: n % 2 ? "OPEN" : "STABLE", t: at(n)}, true);
                mark(result, true);
            }
        };
        add();
        const full = sizes();
        add();
        const again = sizes(), sorted = [model.openings, gate()].every((list) => list.every((item, i) => !i || list[i - 1].t <= item.t));
        take({...model.health, k: "health", now: model.lastAt});
        return {before, full, again, sorted, after: sizes()};
    })()""")
    grown = [a - b for a, b in zip(found["full"], found["before"])]
    checks(all(2900 <= n <= 3000 for n in grown) and found["again"] == found["full"] and found["sorted"], "what is read again is there once, in order of time", found)
    checks(all(n <= 60 for n in found["after"]), "what is older than the page's half hour goes when no window shows it", found)


async def moments(checks, browser, context, server):
    """A link opens its moment, however old it is; a recording is played up to it."""
    window = "__module('view').then(({view, latest}) => [view.end, view.cursor, latest()])"
    tab = await browser.tab(context, script=MODULES)
    old = 1556000000000
    await tab.go(f"{server.origin}/?at={old}")
    await tab.wait("document.documentElement.dataset.ready === '1'")
    found = await tab.eval(window)
    checks(found[1] == old and found[0] < old + 60000, "a link to a moment years ago shows it", found)
    later = 1771093856000
    await tab.go(f"{server.origin}/?at={later}")
    await tab.wait(f"document.documentElement.dataset.ready === '1' && {window}.then(([, cursor, now]) => cursor !== null && now >= {later})", 10)
    found = await tab.eval(window)
    checks(found[1] == later and found[2] >= later, "of a recording that was not played so far, it is played up to it", found)
    state = "document.querySelector('#state').textContent"
    await tab.key("Escape")
    await tab.key("+")
    await tab.key("Home")
    begin = await tab.eval("__module('view').then(({windowStart}) => windowStart())")
    checks(begin == await tab.eval("__module('model').then(({model}) => model.source.start)"), "Home shows the begin of a recording", begin)
    await tab.eval("document.querySelector('#from-here').click()")
    checks(await tab.wait(f"{state} === 'Playing' && {window}.then(([end, , now]) => end === null && now >= {begin} && now < {later})", 10), "it plays from there, though it was stopped", await tab.eval(state))
    await tab.key("p")
    checks(await tab.wait(state + " === 'Stopped'", 10), "p stops it", await tab.eval(state))
    await tab.close()


async def check(checks, browser, options):
    server = await Server.recording(options, at="52s")
    try:
        context = await browser.context()
        tab = await browser.tab(context, script=MODULES)
        await server.enter(tab)
        for part in (keys, facts, commands, banner, bounds, outcomes, slider, back):
            await part(checks, tab)
        faults = [fault for fault in await tab.seen() if f"404 (Not Found) {server.origin}/gate/" not in fault]
        checks(not faults, "no error, no violation of the policy", faults)
        await tab.close()
        await moments(checks, browser, context, server)
    finally:
        await server.stop()

"""A whole system: an opening, its why, its outcome and the trust that it earns; who may act; lost connections."""
import asyncio
import json
import os
import re
import signal
import subprocess
import time

from browser import is_late
from system import System, ask, eventually

# What the page is sent, kept by its kind; and its sockets, so that a connection can be cut.
FRAMES = """
window.__frames = []; window.__sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...a) {
    super(...a);
    __sockets.push(this);
    this.addEventListener("message", async (e) => {
      let text = e.data;
      if (typeof text !== "string") {
        if (new Uint8Array(text, 0, 1)[0] !== 3) return;
        text = await new Response(new Blob([new Uint8Array(text, 1)]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
      }
      const m = JSON.parse(text);
      if (m.k === "snapshot") window.__csrf = m.csrf;
      if (m.k !== "health" && m.k !== "potential") __frames.push({ k: m.k, id: m.id ?? null, n: m.n ?? null });
    });
  }
};
"""
SLOTS = "[...document.querySelectorAll('#flow-list button')].map((b) => b.textContent.split(',')[0]).filter((n) => n !== 'bridge')"
CARD = "document.querySelector('#card').textContent"


def trust_in(text):
    found = re.search(r"Trust is ([\d.]+)", text or "")
    return float(found[1]) if found else None


async def outcome(checks, tab, system):
    """Watch an opening, ask why, confirm it with a click, see the trust change."""
    await system.agree()
    opened = await tab.wait("/hall opened/.test(document.querySelector('#card h3')?.textContent ?? '')", 20)
    checks(opened, "an opening is shown", await tab.eval(CARD + ".slice(0, 300)"))
    text = await tab.wait(f"/door/.test({CARD}) && /window/.test({CARD}) && {CARD}") or await tab.eval(CARD)
    checks("door" in text and "window" in text, "its witnesses are named", text[:300])
    checks(await tab.wait("document.querySelector('#card .sentence').textContent.length > 20"), "it explains why", text[:300])
    foot = await tab.wait("document.querySelector('#foot').textContent.includes('Trust is') && document.querySelector('#foot').textContent", 10)
    before = trust_in(foot)
    checks(before is not None, "the operator's foot shows the trust", foot)
    identity = await tab.wait("__frames.findLast((f) => f.k === 'collapse')?.id")
    await tab.click("#foot [data-key=confirmed]")
    checks(await tab.wait("document.activeElement?.dataset?.key === 'note'", 5), "a note is asked for after the choice")
    await tab.type("seen in a check")
    await tab.click("#foot [data-key=send]")
    recorded = await tab.wait("/undo/i.test(document.querySelector('#foot').textContent)", 15)
    checks(recorded, "the outcome is recorded", await tab.eval("document.querySelector('#foot').textContent"))
    after = await tab.wait("__frames.findLast((f) => f.k === 'outcome')?.id", 10)
    checks(after == identity, "the outcome of that opening comes to every page", (after, identity))
    origins, trusts, why, listed = [], {}, "", ""
    named = lambda: all(re.search(rf"{name} +{trust:.2f} +1\.00 ", why) for name, trust in trusts.items())

    async def agrees():
        # The page and the tool ask one after the other.
        nonlocal origins, trusts, why
        origins = json.loads(await tab.eval("fetch('/gate/hall').then((r) => r.text())")).get("origins", [])
        trusts = {origin["name"]: origin["trust"] for origin in origins}
        why = await system.nimmer("gate", "why", "hall")
        return origins and all(origin["confirmed"] >= 1 for origin in origins) and named()
    await eventually(agrees, 15)
    checks(all(origin["confirmed"] >= 1 for origin in origins) and origins, "both witnesses earned by it", origins)
    checks(before is not None and trusts and all(trust > before for trust in trusts.values()), "the trust has grown", (before, trusts))
    checks(named(), "`nimmer gate why` agrees on each origin's trust", (trusts, why))
    foot = "document.querySelector('#foot').textContent"
    found = await tab.wait(f"/^Outcome: confirmed\\b/.test({foot}) && {foot}.includes('seen in a check')")
    checks(found, "the foot names the outcome, and its note", await tab.eval(foot))

    async def counted():
        nonlocal listed
        listed = await system.nimmer("trust", "list", "--json")
        return re.search(r'"ok"\s*:\s*1\b', listed)
    checks(await eventually(counted, 15), "`nimmer trust list` agrees", listed[:400])
    await tab.click("#foot [data-key=undo]")
    checks(await tab.wait("/Was it true/.test(document.querySelector('#foot').textContent)", 15), "the outcome can be taken back",
           await tab.eval("document.querySelector('#foot').textContent"))


async def by_keyboard(checks, tab, system):
    """The same without a pointer: to the card, to the button, a note, Enter."""
    await tab.eval("document.querySelector('#foot [data-key=failed]').focus()")
    await tab.key("Enter")
    await tab.wait("document.activeElement?.dataset?.key === 'note'", 5)
    await tab.type("by keys")
    await tab.key("Enter")
    foot = "document.querySelector('#foot').textContent"
    found = await tab.wait(f"/^Outcome: false\\b/.test({foot}) && {foot}.includes('by keys') && /undo/i.test({foot})", 15)
    checks(found, "an outcome is reported by the keyboard alone", await tab.eval(foot))


async def by_letters(checks, tab):
    """u, y and n, as in the terminal: they choose, Enter records."""
    foot = "document.querySelector('#foot').textContent"
    await tab.eval("document.activeElement.blur()")
    await tab.key("u")
    await tab.key("Enter")
    checks(await tab.wait(f"/Was it true/.test({foot})", 15), "u and Enter take an outcome back", await tab.eval(foot))
    await tab.eval("document.activeElement.blur()")
    await tab.key("y")
    await tab.wait("document.activeElement?.dataset?.key === 'note'", 5)
    await tab.key("Enter")
    checks(await tab.wait(f"/confirmed/.test({foot}) && /undo/i.test({foot})", 15), "y and Enter confirm", await tab.eval(foot))
    changed = await tab.wait(f"/Trust (0\\.\\d\\d) → (0\\.\\d\\d)/.exec({foot})?.slice(1).map(Number)", 10)
    checks(changed and changed[1] > changed[0], "the foot shows the trust before and after it", await tab.eval(foot))


async def why_not(checks, tab, system):
    """One witness is not enough; the gate's card names what is missing."""
    await system.wave("lamp", 0.6, "yard")
    await tab.wait("[...document.querySelectorAll('#flow-list button')].some((b) => b.textContent.startsWith('yard'))", 15)
    key = await tab.eval("[...document.querySelectorAll('#flow-list button')].find((b) => b.textContent.startsWith('yard')).dataset.key")

    async def explained():
        # A wave counts for two seconds: where the card came later, it is sent and asked about again.
        await tab.eval(f"document.querySelector('#flow-list [data-key={key}]').focus()")
        await tab.key("Enter")
        if found := await tab.wait(f"/did it not open/.test({CARD}) && /lamp/.test({CARD}) && /missing/.test({CARD})", 2):
            return found
        await system.wave("lamp", 0.6, "yard")
        await system.client.flush()
    checks(await eventually(explained, 10), "a gate's card shows why it did not open", await tab.eval(CARD + ".slice(0, 400)"))
    await tab.key("Escape")


async def cut(checks, tab, system):
    """A gap of the connection: what opened meanwhile is there, nothing twice, and every gate keeps its place."""
    places = await tab.eval(SLOTS)
    before = await tab.eval("({ n: __frames.length, s: __sockets.length, snapshots: __frames.filter((f) => f.k === 'snapshot').length })")
    await tab.eval("__sockets.at(-1).close()")
    # The gate of another region, so that no release of the last one is waited for.
    await system.agree("attic", ("roof", "beam"))
    found = await tab.wait(f"__sockets.length > {before['s']} && __frames.slice({before['n']}).filter((f) => f.k === 'collapse').length === 1", 15)
    checks(found, "an opening in a gap of the connection arrives after it", await tab.eval(f"__frames.slice({before['n']})"))
    after = await tab.eval(SLOTS)
    checks([name for name in after if name in places] == places, "every gate keeps its place", (places, after))
    after = await tab.eval("__frames.filter((f) => f.k === 'snapshot').length")
    checks(after == before["snapshots"], "the page resumes, it does not begin again", (before["snapshots"], after))


async def killed(checks, browser, tab, system, server):
    """The page's server dies as in a crash, and comes again at the same address."""
    before = await tab.eval(SLOTS)
    snapshots = await tab.eval("__frames.filter((f) => f.k === 'snapshot').length")
    await server.stop(signal.SIGKILL)
    stated = await tab.wait("!document.querySelector('#banner').hidden && /not reached/.test(document.querySelector('#banner').textContent)", 10)
    checks(stated, "the page shows that its server is lost", await tab.eval("document.querySelector('#banner').textContent"))
    checks(await tab.eval("document.querySelector('#flow-stage').classList.contains('frozen')"), "what is shown is marked as old")
    port = server.origin
    again = await system.web()
    await again.link()
    checks(again.origin == port, "the next start takes the same port", (port, again.origin))
    # The same session: a page that only looked again would still be the one of before.
    await tab.eval("window.__before = true")
    # The connection is there before the snapshot, which has the token of acts.
    back = await tab.wait(f"window.__before && document.querySelector('#banner').hidden && {SLOTS}.length && __frames.filter((f) => f.k === 'snapshot').length > {snapshots}", 20)
    checks(back, "the page comes back by itself", await tab.eval("document.querySelector('#banner').textContent"))
    after = await tab.eval(SLOTS)
    checks(set(before) == set(after), "with every gate", (before, after))
    acts = await tab.eval("fetch('/outcome', {method: 'POST', headers: {'Content-Type': 'application/json', 'X-CSRF-Token': __csrf}, body: '{}'}).then((r) => r.status)")
    checks(acts == 400, "and its session may act as before: what is refused is the act", acts)
    return again


async def linked(checks, browser, tab, server):
    """A link to a moment on another site's page: the browser sends no cookie with it, and the page is there all the same."""
    at = "2026-02-14T18:30:52Z"

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        page = f"<!doctype html><a id=link href='{server.origin}/?at={at}'>incident</a>".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
        await writer.drain()
        writer.close()
    elsewhere = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with elsewhere:
        port = elsewhere.sockets[0].getsockname()[1]
        page = await browser.tab(tab.context)
        await page.go(f"http://localhost:{port}/")
        await page.wait("document.querySelector('#link') !== null")
        await page.click("#link")
        found = await page.wait(f"location.origin === '{server.origin}' && document.documentElement.dataset.ready === '1'", 10)
        checks(found, "a link of another site opens the page", await page.eval("location.href + ' ' + document.body.innerText.slice(0, 200)"))
        shown = await page.eval("document.querySelector('#live').hidden")
        checks(found and shown is False, "at its moment", shown)
        await page.close()
        outsider = await browser.tab(await browser.context())
        await outsider.go(f"http://localhost:{port}/")
        await outsider.wait("document.querySelector('#link') !== null")
        await outsider.click("#link")
        entrance = await outsider.wait("document.querySelector('#enter-h') !== null && document.readyState === 'complete'", 10)
        checks(entrance, "who has no session stands at the entrance", await outsider.eval("document.body?.innerText.slice(0, 200)"))
        await outsider.close()


async def nats_lost(checks, tab, system):
    """nats-server dies, more than once; `nimmer up` starts it again at the same port."""
    stated, begun = None, time.monotonic()
    while not stated and not is_late(begun, 60):
        found = await asyncio.to_thread(
            subprocess.run, ["pgrep", "-P", str(system.up.process.pid), "-x", "nats-server"], capture_output=True, text=True)
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        stated = await tab.wait("/NATS not reached/.test(document.querySelector('#banner').textContent)", 0.3)
    checks(stated, "the page shows that NATS is lost", await tab.eval("document.querySelector('#banner').textContent"))
    back = await tab.wait("document.querySelector('#banner').hidden", 30)
    checks(back, "and that it is back", await tab.eval("document.querySelector('#banner').textContent"))
    number = await tab.eval("__frames.filter((f) => f.k === 'collapse').length")

    async def opens():
        await system.agree("yard", ("lamp", "fence"))
        return await tab.wait(f"__frames.filter((f) => f.k === 'collapse').length > {number}", 2)
    checks(await eventually(opens, 30, 1), "an opening after it arrives")


async def roles(checks, browser, system, server, tab):
    """An observer looks; acts need a role, a token of the session and the page's own origin."""
    token = await tab.eval("__csrf")
    cookies = (await tab.call("Network.getCookies", urls=[server.origin]))["cookies"]
    cookie = next(c for c in cookies if c["name"].startswith("nimmer_session"))
    checks(cookie["httpOnly"] and cookie.get("sameSite") == "Strict", "the cookie is HttpOnly and SameSite=Strict", cookie)
    checks(await tab.eval("document.cookie") == "", "no script sees it")
    body = json.dumps({"opening": "019c0000-0000-7000-8000-000000000001", "result": "confirmed", "note": ""}).encode()
    mine = {"Cookie": f"{cookie['name']}={cookie['value']}", "Content-Type": "application/json", "Origin": server.origin}

    async def refused(what, status, headers, method="POST", path="/outcome", data=body):
        found = await ask(server.origin, method, path, headers, data)
        checks(found[0] == status, f"{what}: {status}", (found[0], found[2][:300]))
    await refused("an act without a token", 403, mine)
    await refused("an act with another token", 403, {**mine, "X-CSRF-Token": "x" * len(token)})
    await refused("an act with the token and another origin", 403, {**mine, "X-CSRF-Token": token, "Origin": "http://evil.example"})
    await refused("an act without an origin", 403, {k: v for k, v in mine.items() if k != "Origin"} | {"X-CSRF-Token": token})
    await refused("an act as a form", 415, {**mine, "X-CSRF-Token": token, "Content-Type": "text/plain"})
    await refused("another name of this host (DNS rebinding)", 421, {**mine, "Host": "evil.example"}, "GET", "/", None)
    await refused("no session", 401, {}, "GET", "/history?from=0&to=1&columns=1", None)
    await refused("a link of another start", 401, {}, "GET", "/enter?key=AAAA", None)
    await refused("a socket of another site's page", 403, {
        "Cookie": mine["Cookie"], "Origin": "http://evil.example", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}, "GET", "/feed", None)
    policy = (await ask(server.origin, "GET", "/", {"Cookie": mine["Cookie"]}))[1]
    checks("default-src 'none'" in policy.get("Content-Security-Policy", "") and "unsafe" not in policy["Content-Security-Policy"],
           "the policy allows nothing but the page's own files", policy.get("Content-Security-Policy"))
    observer = await system.web("--observer")
    try:
        context = await browser.context()
        page = await browser.tab(context, script=FRAMES)
        await observer.enter(page)
        await page.wait("document.querySelector('#card .sentence') !== null")
        acting = await page.eval("document.querySelectorAll('[data-key=confirmed], [data-key=failed], [data-key=partial], [data-key=approve], .act').length")
        checks(acting == 0, "an observer's page has no button that acts", acting)
        status = await page.eval(f"""fetch('/outcome', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json', 'X-CSRF-Token': __csrf }},
            body: {json.dumps(body.decode())} }}).then((r) => r.status)""")
        checks(status == 403, "and its server refuses an act as well: 403", status)
        await page.close()
    finally:
        await observer.stop()


async def check(checks, browser, options):
    async with System(options) as system:
        server = await system.web()
        try:
            context = await browser.context()
            tab = await browser.tab(context, script=FRAMES, motion="no-preference")
            tab.context = context
            await server.enter(tab)
            await outcome(checks, tab, system)
            await by_keyboard(checks, tab, system)
            await by_letters(checks, tab)
            await why_not(checks, tab, system)
            await cut(checks, tab, system)
            await roles(checks, browser, system, server, tab)
            await nats_lost(checks, tab, system)
            server = await killed(checks, browser, tab, system, server)
            await linked(checks, browser, tab, server)
        finally:
            await server.stop()

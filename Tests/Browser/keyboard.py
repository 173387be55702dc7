"""Everything that a mouse does, by the keyboard alone, in the committed minute and what was before it."""
import recordings
from drawing import inside
from pictures import EXPLAINED, SOCKETS
from server import Server

ADDRESS = "history.replaceState(null, '', '/')"
# Milliseconds since 1970 of the first message: as long before the minute as makes the whole more than a minute.
START = recordings.BEGUN - 200_000
# The button that has the focus: its list and key, by which it is known, and its text, which is rewritten now and then.
FOCUSED = "((e) => [e.closest('ul')?.id ?? null, e.dataset.key ?? null, e.textContent])(document.activeElement)"
# Keeps the notice that the next key brings about: it is shown for some seconds only.
NOTED = """(() => {
    const toast = document.querySelector('#toast');
    toast.hidden = true;
    window.__notice = '';
    document.addEventListener('keydown', () => {__notice = toast.hidden ? '' : toast.textContent}, {once: true});
})()"""
# The next report of a recording's playback, once the page has taken it.
REPORTED = """new Promise((done) => __sockets.at(-1).addEventListener('message', ({data}) => {
    if (typeof data === 'string' && JSON.parse(data).k === 'source') done(true);
}))"""


async def moment(tab):
    """The shown window and cursor, as the address of a link to this moment names them: milliseconds since 1970."""
    await tab.eval(ADDRESS)
    await tab.key("i")
    await tab.wait("location.search.length > 10", 5)
    return await tab.eval("(() => { const q = new URLSearchParams(location.search); return Object.fromEntries(['from', 'to', 'at'].map((k) => [k, Date.parse(q.get(k))])); })()")


async def cursor(checks, tab):
    before = await moment(tab)
    await tab.key("ArrowLeft")
    one = await moment(tab)
    checks(one["at"] < before["at"], "← moves the cursor back", (before, one))
    for _ in range(3):
        await tab.key("ArrowLeft", shift=True)
    ten = await moment(tab)
    step = before["at"] - one["at"]
    checks(abs((one["at"] - ten["at"]) - 30 * step) <= 30, "Shift ← moves it ten times as far", (step, one, ten))
    await tab.key("ArrowRight")
    checks((await moment(tab))["at"] > ten["at"], "→ moves it on")
    await tab.key("x")
    checks(await tab.eval("document.querySelector('#mark').getAttribute('aria-pressed')") == "true", "x sets a marker")
    await tab.key("x")
    checks(await tab.eval("document.querySelector('#mark').getAttribute('aria-pressed')") == "false", "x takes it away")
    await tab.key("Escape")
    checks((await moment(tab))["at"] == before["at"], "Esc leaves the cursor")


async def window(checks, tab):
    span = lambda m: m["to"] - m["from"]
    usual = await moment(tab)
    await tab.key("+")
    near = await moment(tab)
    checks(abs(span(near) * 2 - span(usual)) < 5, "+ shows half of the time", (usual, near))
    await tab.key("-")
    await tab.key("-")
    far = await moment(tab)
    checks(abs(span(far) - span(usual) * 2) < 5, "− shows twice of it", (usual, far))
    await tab.key("0")
    whole = await moment(tab)
    checks(abs(whole["from"] - START) < 1000 and whole["to"] == usual["to"], "0 shows all that is kept", (START, whole))
    await tab.key("0")
    checks(span(await moment(tab)) == span(usual) == 60_000, "0 again shows a minute", usual)
    await tab.key("+")
    await tab.key("Home")
    first = await moment(tab)
    checks(abs(first["from"] - START) < 1000 and span(first) == 30_000 and await tab.eval("!document.querySelector('#live').hidden"),
           "Home shows the earliest that is kept", (START, first))
    await tab.key("End")
    checks((await moment(tab))["to"] == usual["to"] and await tab.eval("document.querySelector('#live').hidden"), "End comes back to now")
    await tab.key("0")
    await tab.key("0")
    await tab.key(" ")
    checks(await tab.eval("document.querySelector('#pause').getAttribute('aria-pressed')") == "true", "Space pauses")
    await tab.key(" ")
    checks(await tab.eval("document.querySelector('#pause').getAttribute('aria-pressed')") == "false", "Space resumes")


async def lists(checks, tab):
    """A gate of the flow and a collapse of the scope, each by arrows and Enter."""
    await tab.key("1")
    first = await tab.eval(FOCUSED)
    checks(first[0] == "flow-list" and "potential" in first[2], "1 comes to the flow's list", first)
    await tab.key("ArrowDown")
    second = await tab.eval(FOCUSED)
    checks(second[0] == "flow-list" and second[1] != first[1] and "potential" in second[2], "↓ comes to the next gate", (first, second))
    await tab.key("ArrowUp")
    third = await tab.eval(FOCUSED)
    checks(third[:2] == first[:2], "↑ comes back", (first, third))
    await tab.key("ArrowDown")
    gate = second[2].split(",")[0]
    await tab.key("Enter")
    # A recording has no thalamus to ask why: the card names that (live.py asks one).
    shown = await tab.wait("document.querySelector('#card .refused')?.textContent ?? ''")
    checks("thalamus" in shown, f"Enter asks for the card of {gate}", await tab.eval("document.querySelector('#card').textContent.slice(0, 200)"))
    # The list follows the window after half a second.
    await tab.wait("[...document.querySelectorAll('#scope-list button')].some((e) => e.textContent.includes('opened at'))")
    await tab.key("2")
    at = await tab.eval(FOCUSED)
    checks(at[0] == "scope-list", "2 comes to the scope's list", at)
    # Lanes first, then the marks in order of time.
    for key in ["ArrowUp"] * 12 + ["ArrowDown"] * 12:
        if "opened at" in at[2]:
            break
        await tab.key(key)
        at = await tab.eval(FOCUSED)
    checks("opened at" in at[2], "↑ and ↓ come to a collapse", at)
    await tab.key("Enter")
    shown = await tab.wait("/math opened/.test(document.querySelector('#card h3')?.textContent ?? '')")
    checks(shown, "Enter opens the card of a collapse", await tab.eval("document.querySelector('#card').textContent.slice(0, 200)"))
    await tab.key("Escape")
    await tab.key("4")
    checks(await tab.eval("document.activeElement.closest('#health') !== null"), "4 comes to the figures")
    await tab.key("Enter")
    checks(await tab.wait("!document.querySelector('#detail').hidden", 3), "Enter opens the detail of a figure")
    await tab.key("Escape")
    checks(await tab.eval("document.querySelector('#detail').hidden && document.activeElement.closest('#health') !== null"),
           "Esc closes it, and the focus comes back")


async def newest(tab):
    """N, and the card that it asks for: what is shown before it may have a slider and payloads too."""
    await tab.key("N")
    await tab.wait(inside("decision", "!m.decision.pinned && m.decision.card?.id === m.decision.id && __underway === 0"))


async def slider(checks, tab):
    """The potential under another trust, by arrows."""
    await newest(tab)
    await tab.eval("document.querySelector('#card input[type=range]').focus()")
    before = await tab.eval("document.querySelector('#card .curve').outerHTML")
    for _ in range(20):
        await tab.key("ArrowRight")
    found = await tab.wait(f"document.querySelector('#card .curve').outerHTML !== {before!r} && document.querySelector('#card .curve .true') && document.querySelector('#card').textContent", 10)
    checks(found, "arrows ask what had been with more trust", await tab.eval("document.querySelector('#card').textContent.slice(-200)"))
    checks(await tab.eval("document.activeElement.type === 'range'"), "the slider keeps the focus")
    await tab.eval("document.activeElement.blur()")


async def help_and_filter(checks, tab):
    await tab.key("?")
    checks(await tab.wait("document.querySelector('#keys').open", 3), "? shows the keys")
    text = await tab.eval("document.querySelector('#keys').textContent")
    checks(all(word in text for word in ("zoom", "pause", "filter", "cursor")), "the help names what the keys do", text[:200])
    await tab.key("Escape")
    checks(await tab.wait("!document.querySelector('#keys').open", 3), "Esc closes it")
    await tab.key("/")
    checks(await tab.eval("document.activeElement.id") == "filter", "/ comes to the filter")
    await tab.type("vis")
    checks(await tab.eval("document.querySelector('#filter').value") == "vis", "what is typed filters, and is no command")
    await tab.key("Escape")
    checks(await tab.eval("document.querySelector('#filter').hidden"), "Esc leaves the filter")
    theme = await tab.eval("document.documentElement.dataset.theme ?? ''")
    await tab.key("t")
    checks(await tab.eval("document.documentElement.dataset.theme ?? ''") != theme, "t changes the theme")
    for _ in range(3):
        if await tab.eval("document.documentElement.dataset.theme ?? ''") == theme:
            break
        await tab.key("t")


async def as_in_the_terminal(checks, tab):
    """Keys that mean the same in the oscilloscope of a terminal."""
    span = lambda m: m["to"] - m["from"]
    before = await moment(tab)
    await tab.key("h")
    one = await moment(tab)
    await tab.key("H", shift=True)
    ten = await moment(tab)
    step = before["at"] - one["at"]
    checks(step > 0 and abs(one["at"] - ten["at"] - 10 * step) <= 10, "h moves the cursor back, H ten times as far", (before, one, ten))
    await tab.key("L", shift=True)
    await tab.key("l")
    again = await moment(tab)
    checks(abs(again["at"] - before["at"]) <= 2, "l and L move it on", (before, again))
    await tab.key("Escape")
    await tab.key("PageUp")
    earlier = await moment(tab)
    checks(abs(before["to"] - earlier["to"] - span(before)) <= 2, "PgUp shows the time before, where all lanes are seen", (before, earlier))
    await tab.key("Escape")
    checks(await tab.eval("document.querySelector('#live').hidden"), "Esc comes back to now")
    await tab.key("m")
    await tab.key("M")
    await tab.key("M")
    label = await tab.eval("document.querySelector('#filter-open').textContent")
    checks("0.10" in label, "M raises the least confidence that is shown", label)
    await tab.key("m")
    await tab.key("m")
    checks(await tab.eval("document.querySelector('#filter-open').textContent") == "Filter", "m lowers it")
    await newest(tab)
    # Those of witnesses and of commands; another part of the card, such as what the slider asked, may be filled in meanwhile.
    payloads = "[...document.querySelectorAll('#card .mono')].map((e) => e.textContent)"
    pretty = await tab.eval(payloads)
    await tab.key("r")
    raw = await tab.eval(payloads)
    await tab.key("r")
    again = await tab.eval(payloads)
    checks(any('{"' in text for text in raw) and pretty and not any('{"' in text for text in pretty) and again == pretty,
           "r shows payloads raw, and pretty again", (pretty, raw, again))
    for key in "yu":
        await tab.eval(NOTED)
        await tab.key(key)
        checks(await tab.eval("__notice"), f"{key}: a recording's opening has no outcome to report, and the page names that")
    shown = "[document.querySelector('#speed').textContent, document.querySelector('#state').textContent]"
    await tab.key(">")
    # The server reports its own speed each second, which is not the one that was chosen.
    await tab.eval(REPORTED)
    found = await tab.eval(shown)
    checks(found[0] == "×2", "> plays faster, and a recording at rest keeps that", found)
    await tab.key("<")
    found = await tab.eval(shown)
    checks(found[0] == "×1" and "Stopped" in found[1], "< slower; one that is stopped stays so", found)


async def phone(checks, browser, context, server):
    """The four tabs by arrows."""
    tab = await browser.tab(context, 390, 844)
    await tab.go(server.origin)
    await tab.wait(EXPLAINED)
    await tab.eval("document.querySelector('#tabs [aria-selected=true]').focus()")
    for pane in ("scope", "decision", "health"):
        await tab.key("ArrowRight")
        checks(await tab.eval(f"document.querySelector('#{pane}').checkVisibility() && document.activeElement.dataset.pane === '{pane}'"), f"→ shows {pane}")
    await tab.close()


async def check(checks, browser, options):
    server = await Server.recording(options, recordings.longer(options, 200), at="252s")
    try:
        context = await browser.context()
        tab = await browser.tab(context, script=SOCKETS)
        # The address bar holds the link where the clipboard is not allowed.
        await browser.call("Browser.setPermission", permission={"name": "clipboard-write"}, setting="denied", browserContextId=context)
        await server.enter(tab)
        await tab.wait(EXPLAINED)
        for part in (cursor, window, lists, slider, as_in_the_terminal, help_and_filter):
            await part(checks, tab)
        faults = [fault for fault in await tab.seen() if f"404 (Not Found) {server.origin}/gate/" not in fault]
        checks(not faults, "no error, no violation of the policy", faults)
        await tab.close()
        await phone(checks, browser, context, server)
    finally:
        await server.stop()

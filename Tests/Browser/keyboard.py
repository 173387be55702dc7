"""Everything that a mouse does, by the keyboard alone, in the committed minute and what was before it."""
import recordings
from pictures import EXPLAINED
from server import Server

ADDRESS = "history.replaceState(null, '', '/')"
# Milliseconds since 1970 of the first message: as long before the minute as makes the whole more than a minute.
START = recordings.BEGUN - 200_000


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
    focused = "document.activeElement.textContent"
    first = await tab.eval(focused)
    checks("potential" in (first or ""), "1 comes to the flow's list", first)
    await tab.key("ArrowDown")
    second = await tab.eval(focused)
    checks(second != first and "potential" in second, "↓ comes to the next gate", (first, second))
    await tab.key("ArrowUp")
    checks(await tab.eval(focused) == first, "↑ comes back", await tab.eval(focused))
    await tab.key("ArrowDown")
    gate = second.split(",")[0]
    await tab.key("Enter")
    # A recording has no thalamus to ask why: the card names that (live.py asks one).
    shown = await tab.wait("document.querySelector('#card .refused')?.textContent ?? ''")
    checks("thalamus" in shown, f"Enter asks for the card of {gate}", await tab.eval("document.querySelector('#card').textContent.slice(0, 200)"))
    await tab.key("2")
    checks(await tab.eval("document.activeElement.closest('#scope-list') !== null"), "2 comes to the scope's list", await tab.eval(focused))
    # Lanes first, then the marks in order of time.
    for key in ["ArrowUp"] * 12 + ["ArrowDown"] * 12:
        if "opened at" in await tab.eval(focused):
            break
        await tab.key(key)
    checks("opened at" in await tab.eval(focused), "↑ and ↓ come to a collapse", await tab.eval(focused))
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


async def slider(checks, tab):
    """The potential under another trust, by arrows."""
    await tab.key("N")
    await tab.wait("document.querySelector('#card input[type=range]') !== null")
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
    checks(abs((await moment(tab))["at"] - before["at"]) <= 2, "l and L move it on", await moment(tab))
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
    await tab.key("N")
    text = "document.querySelector('#card').textContent"
    pretty = await tab.wait(f"document.querySelector('#card .wit .mono') && {text}")
    await tab.key("r")
    raw = await tab.eval(text)
    await tab.key("r")
    checks('{"' in raw and '{"' not in pretty and await tab.eval(text) == pretty, "r shows payloads raw, and pretty again", (pretty[:200], raw[:200]))
    for key in "yu":
        await tab.eval("document.querySelector('#toast').hidden = true")
        await tab.key(key)
        checks(await tab.eval("!document.querySelector('#toast').hidden"), f"{key}: a recording's opening has no outcome to report, and the page names that")
    speed = lambda: tab.eval("document.querySelector('#speed').textContent")
    await tab.key(">")
    checks(await speed() == "×2", "> plays faster", await speed())
    await tab.key("<")
    checks(await speed() == "×1" and "Stopped" in await tab.eval("document.querySelector('#state').textContent"), "< slower; one that is stopped stays so", await speed())


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
        tab = await browser.tab(context)
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

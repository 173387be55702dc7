"""Pictures of every pane and state, committed under docs/web, and compared with a tolerance; their texts, compared without one."""
import asyncio
import glob
import io
import itertools
import json
import os

from PIL import Image, ImageChops, ImageDraw, ImageFont

import recordings
from server import ROOT, Server

FOLDER = f"{ROOT}/docs/web"
TEXTS = f"{FOLDER}/pictures.json"
# What a person sees most of: an opening with its answer and its command, while the gate is still open.
MOMENT = "52s"
SIZES = {390: (390, 844), 1280: (1280, 800), 1920: (1920, 1080)}
PANES = ("flow", "scope", "decision", "health")
THEMES = ("dark", "light")
COLOURS = 256

# A pixel differs when a channel is further away than this, of 255; fewer colours move none by more than about 10.
THRESHOLD = 32
# Share of all pixels that may differ: another version of the browser rounds the edges of letters and lines otherwise.
SHARE = 0.001
# Share of the pixels of any 24 × 12 that may differ: another digit changes more. Runs on one machine differ nowhere, other positions of
# letters (a browser without fractions of a pixel) by half of a tile.
TILE, TILE_SHARE = (24, 12), 0.02

# The page's own wall clock stands, so that "not reached for 0 s" is what every run shows; nothing is tried again by itself.
STANDING = "const wall = Date.UTC(2026, 1, 14, 18, 30, 52); Date.now = () => wall;"
SOCKETS = """
window.__sockets = [];
window.WebSocket = class extends WebSocket { constructor(...a) { super(...a); __sockets.push(this); } };
"""
# What the server sends waits from here on, until `__resume()`.
HOLD = """(() => {
    const socket = __sockets.at(-1), take = socket.onmessage, held = [];
    socket.onmessage = (event) => held.push(event);
    window.__resume = () => {socket.onmessage = take; held.forEach(take)};
})()"""


def quantised(png):
    """The picture in so few colours that it is small, and nothing of it looks different."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    out = io.BytesIO()
    image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def fullest(mask):
    """The greatest share of a tile. Tiles overlap by a half, so that none divides a figure with its neighbours."""
    shifts = [(x, y) for x in (0, TILE[0] // 2) for y in (0, TILE[1] // 2)]
    return max(max(mask.crop((x, y, mask.width + x, mask.height + y)).reduce(TILE).get_flattened_data()) for x, y in shifts) / 255


def part(png, box):
    """The picture of an element, out of that of its page."""
    edges = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).crop([round(edge) for edge in edges]).save(out, "PNG")
    return out.getvalue()


def difference(committed, actual):
    """Why two pictures differ more than they may, and a picture of where; None and None where they do not."""
    a, b = (Image.open(io.BytesIO(png)).convert("RGB") for png in (committed, actual))
    if a.size != b.size:
        return f"{b.size[0]} × {b.size[1]} instead of {a.size[0]} × {a.size[1]}", b
    channels = ImageChops.difference(a, b).split()
    furthest = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    mask = furthest.point(lambda value: 255 if value > THRESHOLD else 0)
    share = mask.histogram()[255] / (a.size[0] * a.size[1])
    tile = fullest(mask)
    if share <= SHARE and tile <= TILE_SHARE:
        return None, None
    shown = Image.blend(b, Image.new("RGB", b.size, "white"), 0.7)
    shown.paste((210, 0, 60), mask=mask)
    return f"{share:.2%} of the pixels differ (at most {SHARE:.2%}), {tile:.0%} of one tile (at most {TILE_SHARE:.0%})", shown


def self_test(checks, committed, chamber):
    """What a person calls different is different: another figure or word in one place, wherever it lies, and half of a chamber."""
    image = Image.open(io.BytesIO(committed)).convert("RGB")
    x, y, w, h = chamber
    ground, font = image.getpixel((x - 2, y - 2)), ImageFont.load_default(13)

    def png(change):
        copy = image.copy()
        change(ImageDraw.Draw(copy))
        out = io.BytesIO()
        copy.save(out, "PNG")
        return quantised(out.getvalue())

    def written(text, left, top):
        def change(draw):
            draw.rectangle((left - 4, top - 4, left + 60, top + 20), fill=ground)
            draw.text((left, top), text, fill="#a3b0a8", font=font)
        return png(change)

    places = [(x + i, y + j) for i in range(0, TILE[0], 6) for j in range(0, TILE[1], 6)]
    for a, b in (("+0.93", "+0.25"), ("0.81", "0.31"), ("opened", "closed"), ("200ms", "200 ms")):
        missed = [place for place in places if difference(written(a, *place), written(b, *place))[0] is None]
        checks(not missed, f"pictures with {b} instead of {a} differ", missed)
    for name, box in (("upper", (x, y, x + w, y + h // 2)), ("lower", (x, y + h // 2, x + w, y + h))):
        checks(difference(quantised(committed), png(lambda draw: draw.rectangle(box, fill=ground)))[0], f"a picture without the {name} half of a chamber differs")
    checks(difference(quantised(committed), quantised(committed)) == (None, None), "a picture does not differ from itself")
    checks(unlike({"a": ["math opened", "0.93"]}, {"a": ["math opened", "0.25"]}), "another text differs")


def unlike(committed, actual):
    """The first lines in which the texts of two pages differ; empty where they are equal."""
    return [f"{name}: {found!r} instead of {wanted!r}" for name in sorted({*committed, *actual})
            for wanted, found in itertools.zip_longest(committed.get(name, []), actual.get(name, [])) if wanted != found][:8]


class Album:
    """The committed pictures, each of which is compared, or written; and the texts that the page has beside its drawings."""

    def __init__(self, checks, options):
        self.checks, self.options, self.names, self.texts = checks, options, set(), {}

    def __call__(self, name, png, text=None):
        path, png = f"{FOLDER}/{name}.png", quantised(png)
        self.names.add(path)
        if text is not None:
            self._text(os.path.basename(name).removesuffix("-dark").removesuffix("-light"), text)
        if self.options.write:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            # Every byte: what is alike within the tolerance would else stay as it was, and become more and more unlike.
            if os.path.exists(path) and open(path, "rb").read() == png:
                return
            with open(path, "wb") as file:
                file.write(png)
            print(f"   wrote docs/web/{name}.png ({len(png) // 1000} kB)", flush=True)
            return
        if not os.path.exists(path):
            self.checks(False, f"docs/web/{name}.png is committed", "make it with Tests/Browser/check.py --write")
            return
        with open(path, "rb") as file:
            why, where = difference(file.read(), png)
        if why:
            place = f"{self.options.results}/{os.path.basename(name)}"
            with open(f"{place}.actual.png", "wb") as file:
                file.write(png)
            where.save(f"{place}.difference.png")
            why += f"; see {place}.actual.png and {place}.difference.png, or rewrite it with Tests/Browser/check.py --write"
        self.checks(why is None, f"docs/web/{name}.png is what the page looks like", why or "")

    def _text(self, name, text):
        """Both themes have the same text."""
        self.checks(self.texts.setdefault(name, text) == text, f"{name}: both themes have the same text", unlike({name: self.texts[name]}, {name: text}))

    def end(self):
        """Nothing lies there that no check makes, all are small, and the texts are those that were committed."""
        if self.options.write:
            with open(TEXTS, "w", encoding="utf-8") as file:
                file.write(json.dumps(self.texts, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        elif not os.path.exists(TEXTS):
            self.checks(False, "docs/web/pictures.json is committed", "make it with Tests/Browser/check.py --write")
        else:
            with open(TEXTS, encoding="utf-8") as file:
                found = unlike(json.load(file), self.texts)
            self.checks(not found, "docs/web/pictures.json holds the page's texts", "\n   ".join(["", *found]))
        found = set(glob.glob(f"{FOLDER}/pictures/*.png")) | set(glob.glob(f"{FOLDER}/live*.png"))
        if self.options.write:
            for path in found - self.names:
                os.remove(path)
        else:
            self.checks(found <= self.names, "every picture in docs/web is made by this check", sorted(found - self.names))
        size = sum(os.path.getsize(path) for path in self.names if os.path.exists(path))
        self.checks(size <= 3 << 20, "the pictures are at most 3 MiB in all", size)


async def settled(tab, condition=None):
    """The picture once nothing changes any more: two in a row are the same, with the texts of the lists beside the drawings, and a
    condition holds meanwhile (a machine that is busy makes any tab fall behind for a moment)."""
    before = None
    for _ in range(40):
        if condition and not await tab.wait(condition):
            raise RuntimeError(f"the page is not as awaited: {await tab.eval('document.body.innerText')}")
        await tab.still()
        now = await tab.picture(), await tab.eval("[...document.querySelectorAll('.targets button')].map((b) => b.textContent)")
        if now == before:
            return now[0]
        before = now
        await asyncio.sleep(0.4)
    raise RuntimeError("the page does not come to rest")


# Everything was taken in, drawn and explained; no opening is announced to a screen reader any more.
QUIET = """document.documentElement.dataset.ready === '1' && __underway === 0 && document.querySelector('#banner').hidden
    && /^0/.test(document.querySelector('#rate').textContent)"""
EXPLAINED = QUIET + " && document.querySelector('#card .sentence') !== null"


# Text of what is shown, and of the lists beside the drawings; a line a block.
TEXT = """((selector) => {
    const blocks = "li, p, h1, h2, h3, h4, th, td, button, label, time, text, .pair > *, .tools, section, header, div", lines = [];
    const walk = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
    let block = null;
    while (walk.nextNode()) {
        const e = walk.currentNode.parentElement, text = walk.currentNode.data.replace(/\\s+/g, " ");
        if (!text.trim() || !e.checkVisibility({ visibilityProperty: true })) continue;
        const own = e.closest(blocks);
        if (lines.length && own === block) lines.push(lines.pop() + text); else lines.push(text);
        block = own;
    }
    return lines.map((line) => line.trim());
})"""


async def text_of(tab, selector="body"):
    return await tab.eval(f"{TEXT}({json.dumps(selector)})")


async def let_in(browser, server, condition=EXPLAINED):
    """A context with a session, once the recording was played up to its moment: a page that came before that shows how it came there
    (an opening, and "1 newer"), a later one what is."""
    context = await browser.context()
    tab = await browser.tab(context)
    await server.enter(tab)
    await settled(tab, condition)
    await tab.close()
    return context


async def pages(album, browser, server):
    context = await let_in(browser, server)
    for theme in THEMES:
        for width, (w, h) in SIZES.items():
            tab = await browser.tab(context, w, h, theme)
            await tab.go(server.origin)
            await tab.wait(EXPLAINED)
            if width < 760:
                for pane in PANES:
                    await tab.click(f"[data-pane={pane}]")
                    album(f"pictures/{pane}-{width}-{theme}", await settled(tab, EXPLAINED), await text_of(tab))
            else:
                whole = await settled(tab, EXPLAINED)
                album(f"pictures/page-{width}-{theme}" if width != 1280 else "live" if theme == "dark" else "live-light", whole, await text_of(tab, "header"))
                for pane in PANES:
                    album(f"pictures/{pane}-{width}-{theme}", part(whole, await tab.rectangle(f"#{pane}")), await text_of(tab, f"#{pane}"))
                if (width, theme) == (1280, "dark"):
                    self_test(album.checks, whole, [round(v) for v in (await tab.rectangle("#flow-list button")).values()])
            album.checks(not await tab.seen(), f"{width} {theme}: no error, no violation of the policy", await tab.seen())
            await tab.close()


async def environments(album, browser, options):
    for name in ("staging", "prod"):
        server = await Server.recording(options, recordings.moved(options, name), MOMENT, environment={"NIMMERVERSE_ENV": name})
        try:
            context = await let_in(browser, server)
            for theme in THEMES:
                tab = await browser.tab(context, theme=theme)
                await tab.go(server.origin)
                await tab.wait(EXPLAINED)
                album(f"pictures/{name}-1280-{theme}", await settled(tab, EXPLAINED), await text_of(tab))
                await tab.close()
        finally:
            await server.stop()


async def states(album, browser, options):
    """No server, behind, nothing yet, and hostile names."""
    server = await Server.recording(options, at=MOMENT)
    try:
        tab = await browser.tab(await let_in(browser, server), script=SOCKETS + STANDING)
        await tab.go(server.origin)
        await tab.wait(EXPLAINED)
        await tab.eval("__sockets.at(-1).onmessage({ data: JSON.stringify({ k: 'behind', n: 4 }) })")
        album("pictures/state-behind", await settled(tab), await text_of(tab))
        await tab.eval("__sockets.at(-1).onmessage({ data: JSON.stringify({ k: 'behind', n: 1 }) })")
        await tab.eval("window.setTimeout = () => 0")
    finally:
        await server.stop()
    album("pictures/state-no-server", await settled(tab, "/not reached/.test(document.querySelector('#banner').textContent)"), await text_of(tab))
    await tab.close()
    for state, file, condition in (("nothing", recordings.empty(options), QUIET), ("hostile", recordings.hostile(options), EXPLAINED)):
        server = await Server.recording(options, file, MOMENT)
        try:
            tab = await browser.tab(await let_in(browser, server, condition))
            await tab.go(server.origin)
            await tab.wait(condition)
            album(f"pictures/state-{state}", await settled(tab, condition), await text_of(tab))
            album.checks(not await tab.seen(), f"{state}: no error, no violation of the policy", await tab.seen())
            await tab.close()
        finally:
            await server.stop()


async def check(checks, browser, options):
    album = Album(checks, options)
    server = await Server.recording(options, at=MOMENT)
    try:
        await pages(album, browser, server)
    finally:
        await server.stop()
    await environments(album, browser, options)
    await states(album, browser, options)
    album.end()

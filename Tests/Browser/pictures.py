"""Pictures of every pane and state, committed under docs/web, and compared with a tolerance."""
import asyncio
import glob
import io
import os

from PIL import Image, ImageChops

import recordings
from server import ROOT, Server

FOLDER = f"{ROOT}/docs/web"
# What a person sees most of: an opening with its answer and its command, while the gate is still open.
MOMENT = "52s"
SIZES = {390: (390, 844), 1280: (1280, 800), 1920: (1920, 1080)}
PANES = ("flow", "scope", "decision", "health")
THEMES = ("dark", "light")
COLOURS = 256

# A pixel differs when a channel is further away than this, of 255; fewer colours move none by more than about 10.
THRESHOLD = 32
# Share of all pixels that may differ: another version of the browser rounds the edges of letters and lines otherwise.
SHARE = 0.005
# Share of the pixels of a tile of 48 × 24 that may differ: a word that is missing changes more.
TILE, TILE_SHARE = (48, 24), 0.25

# The page's own wall clock stands, so that "not reached for 0 s" is what every run shows; nothing is tried again by itself.
STANDING = "const wall = Date.UTC(2026, 1, 14, 18, 30, 52); Date.now = () => wall;"
SOCKETS = """
window.__sockets = [];
window.WebSocket = class extends WebSocket { constructor(...a) { super(...a); __sockets.push(this); } };
"""


def quantised(png):
    """The picture in so few colours that it is small, and nothing of it looks different."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    out = io.BytesIO()
    image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
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
    tile = max(mask.reduce(TILE).getdata()) / 255
    if share <= SHARE and tile <= TILE_SHARE:
        return None, None
    shown = Image.blend(b, Image.new("RGB", b.size, "white"), 0.7)
    shown.paste((210, 0, 60), mask=mask)
    return f"{share:.2%} of the pixels differ (at most {SHARE:.2%}), {tile:.0%} of one tile (at most {TILE_SHARE:.0%})", shown


class Album:
    """The committed pictures: each is compared, or written."""

    def __init__(self, checks, options):
        self.checks, self.options, self.names = checks, options, set()

    def __call__(self, name, png):
        path, png = f"{FOLDER}/{name}.png", quantised(png)
        self.names.add(path)
        if self.options.write:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            # What has not changed for the eye stays as it is.
            if os.path.exists(path) and difference(open(path, "rb").read(), png)[0] is None:
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

    def end(self):
        """Nothing lies there that no check makes, and all are small."""
        found = set(glob.glob(f"{FOLDER}/pictures/*.png")) | set(glob.glob(f"{FOLDER}/live*.png"))
        if self.options.write:
            for path in found - self.names:
                os.remove(path)
        else:
            self.checks(found <= self.names, "every picture in docs/web is made by this check", sorted(found - self.names))
        size = sum(os.path.getsize(path) for path in self.names if os.path.exists(path))
        self.checks(size <= 3 << 20, "the pictures are at most 3 MiB in all", size)


async def settled(tab, condition=None, clip=None):
    """The picture once nothing changes any more: two in a row are the same, and a condition holds meanwhile (a machine that is busy
    makes any tab fall behind for a moment)."""
    before = None
    for _ in range(40):
        if condition and not await tab.wait(condition):
            raise RuntimeError(f"the page is not as awaited: {await tab.eval('document.body.innerText')}")
        await tab.still()
        now = await tab.picture(clip)
        if now == before:
            return now
        before = now
        await asyncio.sleep(0.4)
    raise RuntimeError("the page does not come to rest")


# Everything was taken in, drawn and explained; no opening is announced to a screen reader any more.
QUIET = """document.documentElement.dataset.ready === '1' && document.querySelector('#banner').hidden
    && /^0/.test(document.querySelector('#rate').textContent)"""
EXPLAINED = QUIET + " && document.querySelector('#card .sentence') !== null"


async def pages(album, browser, server):
    context = await browser.context()
    first = await browser.tab(context)
    await server.enter(first)
    await first.close()
    for theme in THEMES:
        for width, (w, h) in SIZES.items():
            tab = await browser.tab(context, w, h, theme)
            await tab.go(server.origin)
            await tab.wait(EXPLAINED)
            if width < 760:
                for pane in PANES:
                    await tab.click(f"[data-pane={pane}]")
                    album(f"pictures/{pane}-{width}-{theme}", await settled(tab, EXPLAINED))
            else:
                whole = await settled(tab, EXPLAINED)
                album(f"pictures/page-{width}-{theme}" if width != 1280 else "live" if theme == "dark" else "live-light", whole)
                for pane in PANES:
                    album(f"pictures/{pane}-{width}-{theme}", await settled(tab, EXPLAINED, await tab.rectangle(f"#{pane}")))
            album.checks(not await tab.seen(), f"{width} {theme}: no error, no violation of the policy", await tab.seen())
            await tab.close()


async def environments(album, browser, options):
    for name in ("staging", "prod"):
        server = await Server.recording(options, recordings.moved(options, name), MOMENT, environment={"NIMMERVERSE_ENV": name})
        try:
            context = await browser.context()
            for theme in THEMES:
                tab = await browser.tab(context, theme=theme)
                if server.used < 0:
                    await server.enter(tab)
                else:
                    await tab.go(server.origin)
                await tab.wait(EXPLAINED)
                album(f"pictures/{name}-1280-{theme}", await settled(tab, EXPLAINED))
                await tab.close()
        finally:
            await server.stop()


async def states(album, browser, options):
    """No server, behind, nothing yet, and hostile names."""
    server = await Server.recording(options, at=MOMENT)
    try:
        tab = await browser.tab(await browser.context(), script=SOCKETS + STANDING)
        await server.enter(tab)
        await tab.wait(EXPLAINED)
        await tab.eval("__sockets.at(-1).onmessage({ data: JSON.stringify({ k: 'behind', n: 4 }) })")
        album("pictures/state-behind", await settled(tab))
        await tab.eval("__sockets.at(-1).onmessage({ data: JSON.stringify({ k: 'behind', n: 1 }) })")
        await tab.eval("window.setTimeout = () => 0")
    finally:
        await server.stop()
    album("pictures/state-no-server", await settled(tab, "/not reached/.test(document.querySelector('#banner').textContent)"))
    await tab.close()
    for state, file, condition in (("nothing", recordings.empty(options), QUIET), ("hostile", recordings.hostile(options), EXPLAINED)):
        server = await Server.recording(options, file, MOMENT)
        try:
            tab = await browser.tab(await browser.context())
            await server.enter(tab)
            await tab.wait(condition)
            album(f"pictures/state-{state}", await settled(tab, condition))
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

"""A headless Chromium, driven over its own debugging port (CDP); nothing else is downloaded or needed."""
import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import websockets

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Chaos"))
from processes import busy, die_with_parent  # noqa: E402


def is_late(begun, limit):
    """True once something is waited for no longer. A busy machine gets more time, but for what is only looked at (less than three
    seconds)."""
    return time.monotonic() - begun > (max(limit, 20) * busy() if limit >= 3 else limit)


class Skipped(Exception):
    """Why nothing can be checked here, and what would change that."""


FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-breakpad", "--disable-dev-shm-usage", "--metrics-recording-only", "--password-store=basic", "--lang=en-US",
    "--force-color-profile=srgb", "--font-render-hinting=none", "--disable-lcd-text", "--js-flags=--expose-gc",
    # Ten tabs are watched at once: none of them may be slowed down because another one is in front.
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
    # No other host, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost", "--proxy-server=direct://",
]
# Faults of a page are collected from its first script on: violations of the policy, errors, and what a hostile text would call.
WATCH = """
window.__seen = { csp: [], errors: [], ran: [] };
// Requests that are under way, and answers that are being read: with none of them the page has taken in what it asked for.
window.__underway = 0;
{
    const held = (promise) => { __underway++; return promise.finally(() => { __underway--; }); }, {fetch} = window, {json} = Response.prototype;
    window.fetch = (...a) => held(fetch(...a));
    Response.prototype.json = function () { return held(json.call(this)); };
}
addEventListener("securitypolicyviolation", (e) => __seen.csp.push(`${e.violatedDirective}: ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
addEventListener("error", (e) => __seen.errors.push(String(e.message || e.target?.src || e.type)), true);
addEventListener("unhandledrejection", (e) => __seen.errors.push(String(e.reason)));
for (const name of ["alert", "confirm", "prompt"]) window[name] = (text) => { __seen.ran.push(`${name} ${text}`); };
"""


class Browser:
    """One browser with a folder of its own; `async with Browser(folder) as browser`."""

    def __init__(self, folder):
        self.folder, self.numbers, self.waiting, self.tabs = f"{folder}/chromium", itertools.count(1), {}, {}
        self.process = self.socket = self.reader = None

    async def __aenter__(self):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if not program:
            raise Skipped("there is no Chromium; install it with: apt-get install chromium fonts-inter")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "TZ": "UTC", "LANG": "C.UTF-8", "TMPDIR": self.folder}
        self.log = open(f"{self.folder}/log", "w")
        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self.folder}/data", "about:blank"], env=environment, stdout=self.log, stderr=self.log,
            stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)
        try:
            port, path = await self._port()
            self.socket = await websockets.connect(f"ws://127.0.0.1:{port}{path}", max_size=1 << 29, ping_interval=None, proxy=None)
        except BaseException:
            await self.__aexit__()
            raise
        self.reader = asyncio.create_task(self._read())
        self.version = (await self.call("Browser.getVersion"))["product"]
        return self

    async def __aexit__(self, *_):
        if self.socket:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.call("Browser.close"), 3)
            self.reader.cancel()
            with contextlib.suppress(Exception):
                await self.socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self.process.wait, 5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _port(self):
        begun = time.monotonic()
        while True:
            with contextlib.suppress(OSError, ValueError):
                with open(f"{self.folder}/data/DevToolsActivePort") as file:
                    port, path = file.read().split()
                    return port, path
            if self.process.poll() is not None or is_late(begun, 30):
                self.log.flush()
                with open(self.log.name) as file:
                    raise Skipped(f"Chromium does not start here: {file.read()[-800:]}")
            await asyncio.sleep(0.05)

    async def _read(self):
        async for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                future = self.waiting.pop(message["id"], None)
                if future and not future.done():
                    future.set_result(message)
            elif tab := self.tabs.get(message.get("sessionId")):
                tab.take(message["method"], message["params"])

    async def call(self, method, session=None, **params):
        number = next(self.numbers)
        future = self.waiting[number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}))
        answer = await asyncio.wait_for(future, 60 * busy())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def context(self):
        """Cookies and storage of their own: another person."""
        return (await self.call("Target.createBrowserContext"))["browserContextId"]

    async def tab(self, context=None, width=1280, height=800, theme="dark", script="", window=False, **media):
        """A tab in front of the others, which are hidden from then on; in a window of its own it hides none."""
        target = await self.call("Target.createTarget", url="about:blank", **({"browserContextId": context} if context else {}), **({"newWindow": True} if window else {}))
        session = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = Tab(self, target["targetId"], session["sessionId"])
        self.tabs[tab.session] = tab
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.call(f"{domain}.enable")
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH + script)
        await tab.look(width, height, theme, **media)
        return tab


KEYS = {
    "Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), " ": (32, " "), "ArrowLeft": (37, ""), "ArrowUp": (38, ""),
    "ArrowRight": (39, ""), "ArrowDown": (40, ""), "Home": (36, ""), "End": (35, ""), "PageUp": (33, ""), "PageDown": (34, ""),
}


class Tab:
    """One page of a browser."""

    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session
        self.logs, self.requests, self.events = [], [], {}

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def take(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.logs.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.logs.append(" ".join(str(a.get("value", a.get("description", ""))) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.logs.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method in self.events:
            self.events[method](params)

    async def look(self, width, height, theme="dark", motion="reduce", media="", colours="none", contrast="no-preference"):
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 760)
        await self.call("Emulation.setTouchEmulationEnabled", enabled=width < 760)
        await self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": motion},
            {"name": "forced-colors", "value": colours}, {"name": "prefers-contrast", "value": contrast}])

    async def go(self, url):
        await self.call("Page.navigate", url=url)

    async def eval(self, script):
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        if details := answer.get("exceptionDetails"):
            raise RuntimeError(f"{details.get('exception', {}).get('description') or details['text']} in {script[:200]}")
        return answer["result"].get("value")

    async def wait(self, condition, limit=15):
        """Until an expression in the page is true; what it then is, or what it was last."""
        begun, found = time.monotonic(), None
        while True:
            # A page that is being left has no answer.
            with contextlib.suppress(RuntimeError):
                found = await self.eval(condition)
            if found or is_late(begun, limit):
                return found
            await asyncio.sleep(0.05)

    async def key(self, key, shift=False):
        code, text = KEYS.get(key) or (ord(key.upper()) if key.isalnum() else 0, key)
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        await self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def type(self, text):
        for letter in text:
            await self.key(letter)

    async def click(self, selector):
        """Clicks with the mouse in the middle of an element, once it is there."""
        await self.wait(f"document.querySelector({json.dumps(selector)}) !== null", 5)
        x, y = await self.eval(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'nearest'}});"
                               "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()")
        # One right after the other: an element that is drawn again between them would not be clicked.
        await asyncio.gather(*(self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
                               for kind in ("mousePressed", "mouseReleased")))

    async def still(self):
        """Two frames after everything that is due now was drawn."""
        await self.eval("document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))")

    async def picture(self, clip=None):
        if clip:
            clip = {**clip, "scale": 1}
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png", **({"clip": clip} if clip else {})))["data"])

    async def rectangle(self, selector):
        return await self.eval(f"(() => {{ const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
                               "return {x: b.x, y: b.y, width: b.width, height: b.height}; })()")

    async def seen(self):
        """Violations, errors and calls of hostile text, with what the browser logged; empty when the page is well."""
        found = await self.eval("__seen")
        return [f"{kind}: {text}" for kind, texts in found.items() for text in texts] + self.logs

    async def close(self):
        self.browser.tabs.pop(self.session, None)
        await self.browser.call("Target.closeTarget", targetId=self.target)

"""The page's server as a child of a check: its address, its one-time links, and its end."""
import asyncio
import contextlib
import os
import re
import signal
import subprocess

from browser import busy, die_with_parent

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MINUTE = f"{ROOT}/docs/wave-tail/minute.ndjson"


def page_files(options):
    """The variable that names other files of the page, where the check was given some."""
    return {"NIMMERVERSE_WEB_ASSETS": options.assets} if options.assets else {}


class Child:
    """A program in a process group of its own, whose lines are kept; it ends with the check."""

    def __init__(self, name, command, environment, folder):
        self.name, self.lines, self.closed = name, [], asyncio.Event()
        self.arrived = asyncio.Condition()
        self.command, self.environment, self.folder = command, environment, folder
        self.process = self.task = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=die_with_parent, limit=1 << 20)
        self.task = asyncio.create_task(self._read())
        return self

    async def _read(self):
        async for line in self.process.stdout:
            async with self.arrived:
                self.lines.append(line.decode(errors="replace").rstrip())
                self.arrived.notify_all()
        async with self.arrived:
            self.closed.set()
            self.arrived.notify_all()

    async def line(self, pattern, after=0, limit=120):
        """The number of the first line from `after` on that matches, and the match."""
        async def find():
            place = after
            async with self.arrived:
                while True:
                    for place in range(place, len(self.lines)):
                        if found := re.search(pattern, self.lines[place]):
                            return place, found
                    place = len(self.lines)
                    if self.closed.is_set():
                        raise RuntimeError(f"{self.name} ended: " + "\n".join(self.lines[-20:]))
                    await self.arrived.wait()
        try:
            return await asyncio.wait_for(find(), limit * busy())
        except asyncio.TimeoutError:
            raise RuntimeError(f"{self.name} printed no line with {pattern}: " + "\n".join(self.lines[-20:])) from None

    @property
    def is_alive(self):
        return self.process is not None and self.process.returncode is None

    @property
    def resident(self):
        """MiB of memory that it holds."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024

    async def stop(self, how=signal.SIGTERM, grace=10):
        if not self.process:
            return
        if not self.is_alive:
            print(f"   {self.name} had ended by itself ({self.process.returncode}): " + "\n".join(self.lines[-20:]), flush=True)
        else:
            self.process.send_signal(how)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.process.wait(), grace)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        await self.task


class Server(Child):
    """`nimmer-web`: of a recording, or live where the environment names a server."""

    def __init__(self, options, *arguments, environment=None, name="nimmer-web"):
        super().__init__(
            name, [f"{options.binaries}/nimmer-web", *arguments],
            {"PATH": os.environ["PATH"], "HOME": options.folder, **page_files(options), **(environment or {})}, options.folder)
        self.used, self.origin = -1, None

    @classmethod
    async def recording(cls, options, file=MINUTE, at=None, environment=None, more=()):
        server = cls(options, "--recording", file, *(["--at", at] if at else []), *more, environment=environment)
        return await server.start()

    async def link(self):
        """A link that was not used yet; the server prints the next once one was used."""
        self.used, found = await self.line(r"(http://[^\s/]+)(/enter\S+)", after=self.used + 1)
        self.origin = found[1]
        return found[0]

    async def enter(self, tab, query=""):
        """Lets a tab in by a link, and waits until it has drawn."""
        await tab.go(await self.link() + query)
        if not await tab.wait("document.documentElement.dataset.ready === '1'"):
            raise RuntimeError(f"the page did not draw: {await tab.eval('document.body.innerText')} {await tab.seen()}")
        return tab

"""A bare nats-server with the page's server beside it, and a load that another program sends."""
import os
import shutil
import socket
import sys

from browser import Skipped
from server import Child, Server

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Flood:
    """`async with Flood(options) as flood`; its server is `flood.server`."""

    def __init__(self, options, role="observer"):
        self.options, self.role, self.children = options, role, []

    async def __aenter__(self):
        program = os.environ.get("NIMMER_NATS_SERVER") or shutil.which("nats-server", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program:
            raise Skipped("there is no nats-server; install it with: apt-get install nats-server")
        port = free_port()
        self.url = f"nats://127.0.0.1:{port}"
        try:
            nats = Child("nats-server", [program, "-a", "127.0.0.1", "-p", str(port)], dict(os.environ), self.options.folder)
            self.children.append(await nats.start())
            await nats.line("Server is ready", limit=120)
            self.server = Server(self.options, "--role", self.role, "--log-level", "warning",
                                 environment={"NIMMERVERSE_NATS_URL": self.url, "NIMMERVERSE_ENV": "dev"})
            self.children.append(await self.server.start())
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        for child in reversed(self.children):
            await child.stop()

    async def waves(self, **more):
        """Starts the load."""
        flags = [word for name, value in more.items() for word in (f"--{name}", str(value))]
        child = Load("waves.py", [sys.executable, f"{HERE}/waves.py", self.url, *flags], dict(os.environ), self.options.folder)
        self.children.append(await child.start())
        return child


class Load(Child):
    """The program that sends waves."""

    async def sent(self, number, limit=300):
        """Waits until it has sent so many; how many it has."""
        place, count = -1, 0
        while count < number:
            place, found = await self.line(r"(?:sent|all) (\d+)", after=place + 1, limit=limit)
            count = int(found[1])
        return count

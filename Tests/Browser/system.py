"""A whole system on loopback, as a person starts it: `nimmer up` with a small system file, and `nimmer web` beside it."""
import asyncio
import contextlib
import datetime
import http.client
import json
import os
import shutil
import signal
import time
import uuid

import nats

from browser import Skipped, busy, is_late
from server import Child, Server, page_files

SYSTEM = """nimmerverse: 1
name: browser
gates:
  defaults: {trust: earned, window_ms: 2000, half_life_ms: 500, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}
thalamus:
  regions: {hall: [hall, "hall.>"], yard: [yard], attic: [attic]}
"""
# The same, with a motor that a gate stops by rule, once a person approves it.
CONFIRM = SYSTEM.replace("gates:\n", """cells:
  - name: motor
    kind: motor/v1
    settings: {publish: {stop: plant.wheels}}
gates:
""").replace("thalamus:", """  regions: {plant: {trust: declared, weight: 0.9}}
thalamus:""").replace("attic: [attic]", "attic: [attic], plant: [plant]") + """bridge:
  commands: confirm
  confirm_within_ms: 60000
  allow: [{target: motor, command: stop, payload: {}}]
  event_types:
    plant: {event: fault, actions: [stop], reflex: {action: stop, commands: [{target: motor, command: stop}]}}
"""


class System:
    """`async with System(options) as system`."""

    def __init__(self, options, text=SYSTEM):
        self.options, self.text, self.folder = options, text, f"{options.folder}/system"
        self.environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "HOME": self.folder, "NIMMERVERSE_ENV": "dev",
                            **page_files(options)}
        self.up = self.client = None

    async def __aenter__(self):
        if not shutil.which("nats-server", path=self.environment["PATH"]):
            raise Skipped("there is no nats-server; install it with: apt-get install nats-server postgresql")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        # PostgreSQL runs as a user of its own where the check runs as root.
        os.chmod(self.options.folder, 0o755)
        with open(f"{self.folder}/browser.yaml", "w") as file:
            file.write(self.text)
        self.up = Child("nimmer up", [f"{self.options.binaries}/nimmer", "up", "browser.yaml"], self.environment, self.folder)
        await self.up.start()
        try:
            await self.up.line("Listening pattern=dev", limit=180)
            exported = await self.nimmer("env", "--export")
            self.url = next(line.split("=", 1)[1].strip("'\"") for line in exported.splitlines() if "NIMMERVERSE_NATS_URL=" in line)
            with open(f"{self.folder}/.nimmer/dev/auth/keys/owner.nk") as file:
                seed, _, inbox = file.read().split()
            self.client = await nats.connect(
                self.url, name="browser-check", nkeys_seed_str=seed, inbox_prefix=inbox.encode(), max_reconnect_attempts=-1,
                reconnect_time_wait=0.2, error_cb=self._ignore, disconnected_cb=self._ignore, reconnected_cb=self._ignore)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _ignore(self, *_):
        pass

    async def __aexit__(self, *_):
        if self.client:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.client.close(), 5)
        await self.up.stop(signal.SIGINT, grace=40)

    async def nimmer(self, *words):
        child = Child(f"nimmer {words[0]}", [f"{self.options.binaries}/nimmer", *words], self.environment, self.folder)
        await child.start()
        await asyncio.wait_for(child.process.wait(), 60 * busy())
        await child.task
        return "\n".join(child.lines)

    async def web(self, *words):
        """`nimmer web`, as it is typed in the folder of the system."""
        server = Server(self.options, *words)
        server.command = [f"{self.options.binaries}/nimmer", "web", *words]
        server.environment, server.folder = self.environment, self.folder
        return await server.start()

    async def wave(self, cell, confidence, region="hall", polarity=1, content=None, **more):
        await self.client.publish(f"dev.nervous.cells.{cell}.wave", message(cell, confidence, region, polarity, content, **more))

    async def agree(self, region="hall", cells=("door", "window")):
        """Two independent witnesses: the gate opens."""
        for cell in cells:
            await self.wave(cell, 0.97, region)
        await self.client.flush()


def message(cell, confidence, region, polarity=1, content=None, **more):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"domain": region.split(".")[0], "region": region, "confidence": confidence, "polarity": polarity,
            "semantic_content": content or {"seen": True}, "lifeforce_cost": 0.1, "origin": cell}
    return json.dumps({
        "header": {"message_id": str(uuid.uuid4()), "message_type": "WaveSignal", "version": "2.0", "timestamp": now,
                   "source": {"entity_id": cell, "entity_type": "cell", "garden": "real", "tier": 1}},
        "body": body | more}).encode()


async def ask(origin, method, path, headers=None, body=None):
    """An HTTP request that no browser would send: status, headers, text."""
    def send():
        connection = http.client.HTTPConnection(origin.split("//")[1], timeout=20 * busy())
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": origin.split("//")[1], **(headers or {})}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode(errors="replace")
        finally:
            connection.close()
    return await asyncio.to_thread(send)


async def eventually(condition, limit=20, pause=0.1):
    begun = time.monotonic()
    while True:
        found = await condition()
        if found or is_late(begun, limit):
            return found
        await asyncio.sleep(pause)

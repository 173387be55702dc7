"""A small NATS client of our own: it reconnects at once and for ever, and never repeats a message."""
import asyncio
import json
import uuid

# The harness's own user: it plays every cell and hears everything.
USER = "harness"


class Wire:
    """One connection. What is published while the server is away is dropped and counted, as a cell's wave is."""

    def __init__(self, port, name, password=None):
        """A password: of the harness's own user, where the server asks everybody for an identity (house.py)."""
        self.port, self.name, self.password = port, name, password
        self.writer, self.task, self.up = None, None, asyncio.Event()
        self.subscriptions, self.waiting = {}, {}
        self.lost = self.requests = self.connections = 0
        self.inbox = f"_INBOX.chaos.{uuid.uuid4().hex}"
        self.subscribe(self.inbox + ".*", self._answer)

    def start(self):
        self.task = asyncio.create_task(self._run())
        return self

    def close(self):
        if self.task:
            self.task.cancel()
        if self.writer:
            self.writer.close()

    def subscribe(self, subject, callback):
        """Calls back with subject, reply, headers and payload."""
        number = len(self.subscriptions) + 1
        self.subscriptions[number] = (subject, callback)
        if self.writer:
            self.writer.write(f"SUB {subject} {number}\r\n".encode())

    def publish(self, subject, payload, reply=""):
        """Whether there was a connection to write to."""
        if not self.writer or self.writer.is_closing():
            self.lost += 1
            return False
        self.writer.write(f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + b"\r\n")
        return True

    async def request(self, subject, payload=b"", timeout=2.0):
        self.requests += 1
        key = str(self.requests)
        future = self.waiting[key] = asyncio.get_running_loop().create_future()
        try:
            self.publish(subject, payload, f"{self.inbox}.{key}")
            return await asyncio.wait_for(future, timeout)
        finally:
            del self.waiting[key]

    async def api(self, subject, body=None, timeout=30.0):
        """Asks JetStream."""
        _, payload = await self.request("$JS.API." + subject, json.dumps(body).encode() if body else b"", timeout)
        return json.loads(payload)

    async def statistics(self, name, timeout=3.0):
        """What a process says about itself; None when it does not answer in time."""
        try:
            _, payload = await self.request(f"$SRV.STATS.{name}", timeout=timeout)
            return json.loads(payload)
        except (asyncio.TimeoutError, ValueError):
            return None

    async def read_stream(self, name, patience=60):
        """Every message of a stream, in its order; RuntimeError when it cannot all be read."""
        info = await self.api(f"STREAM.INFO.{name}")
        if "error" in info:
            raise RuntimeError(f"{name}: {info['error']}")
        count, last = info["state"]["messages"], info["state"]["last_seq"]
        if count == 0:
            return []
        found, done = [], asyncio.Event()
        target = f"_CHAOSREAD.{uuid.uuid4().hex}"

        def take(subject, reply, headers, payload):
            tokens = reply.split(".")
            if len(tokens) >= 9:
                found.append({"stream": name, "sequence": int(tokens[5]), "stored": int(tokens[7]) / 1e9,
                              "subject": subject, "message": json.loads(payload)})
                if int(tokens[5]) >= last:
                    done.set()

        self.subscribe(target, take)
        made = await self.api(f"CONSUMER.CREATE.{name}", {"stream_name": name, "config": {
            "deliver_subject": target, "deliver_policy": "all", "ack_policy": "none", "replay_policy": "instant",
            "inactive_threshold": 60_000_000_000}})
        if "error" in made:
            raise RuntimeError(f"{name}: {made['error']}")
        try:
            await asyncio.wait_for(done.wait(), patience)
        except asyncio.TimeoutError:
            pass
        if len(found) != count:
            raise RuntimeError(f"{name} says that it has {count} messages; {len(found)} could be read")
        return found

    def _answer(self, subject, reply, headers, payload):
        future = self.waiting.get(subject.rsplit(".", 1)[1])
        if future and not future.done():
            future.set_result((headers, payload))

    async def _run(self):
        while True:
            writer = None
            try:
                reader, writer = await asyncio.wait_for(
                    asyncio.open_connection("127.0.0.1", self.port, limit=1 << 21), 5)
                line = await asyncio.wait_for(reader.readline(), 5)
                if not line.startswith(b"INFO"):
                    raise ConnectionError("this is no nats-server")
                hello = {"verbose": False, "pedantic": False, "headers": True, "no_responders": False, "lang": "python",
                         "version": "0", "name": self.name, "protocol": 1}
                if self.password:
                    hello |= {"user": USER, "pass": self.password}
                writer.write(b"CONNECT " + json.dumps(hello).encode() + b"\r\n")
                for number, (subject, _) in self.subscriptions.items():
                    writer.write(f"SUB {subject} {number}\r\n".encode())
                writer.write(b"PING\r\n")
                self.writer = writer
                self.connections += 1
                await self._read(reader, writer)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
                pass
            finally:
                self.writer = None
                self.up.clear()
                if writer:
                    writer.close()
            await asyncio.sleep(0.02)

    async def _read(self, reader, writer):
        while line := await reader.readline():
            words = line.split()
            if not words:
                continue
            if words[0] == b"PING":
                writer.write(b"PONG\r\n")
            elif words[0] == b"PONG":
                self.up.set()
            elif words[0] in (b"MSG", b"HMSG"):
                has_headers = words[0] == b"HMSG"
                head = int(words[-2]) if has_headers else 0
                reply = words[3].decode() if len(words) == (6 if has_headers else 5) else ""
                data = await reader.readexactly(int(words[-1]) + 2)
                entry = self.subscriptions.get(int(words[2]))
                if entry:
                    entry[1](words[1].decode(), reply, data[:head], data[head:-2])

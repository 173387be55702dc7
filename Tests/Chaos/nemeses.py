"""What can happen to a process, and the storm that lets it happen. A process that something happens to already is left alone."""
import asyncio
import os
import signal
import time

from script import steps


class Nemeses:
    """Does things to the processes of a house, by name."""

    def __init__(self, house):
        self.house = house

    def process(self, name):
        return next(p for p in self.house.processes if p.name == name)

    async def kill(self, name, away=0.0):
        """SIGKILL, and started again `away` seconds after it is gone."""
        process = self.process(name)
        if process.busy.locked():
            return
        async with process.busy:
            self.house.kills += 1
            await process.kill()
            await asyncio.sleep(away)
            await process.start()

    async def stop(self, name, seconds):
        """SIGSTOP, and SIGCONT after the time."""
        process = self.process(name)
        if process.busy.locked() or not process.is_alive:
            return
        async with process.busy:
            process.send(signal.SIGSTOP)
            self.house.note("stop", name, seconds=round(seconds, 1))
            await asyncio.sleep(seconds)
            process.send(signal.SIGCONT)
            self.house.note("cont", name)

    async def term(self, name, away):
        """Asked to stop, and started again."""
        process = self.process(name)
        if process.busy.locked():
            return
        async with process.busy:
            await process.terminate(signal.SIGINT if process is self.house.postgres else signal.SIGTERM)
            await asyncio.sleep(away)
            await process.start()

    async def burst(self, name, waits):
        """Killed again and again while it starts."""
        for wait in waits:
            if self.process(name).busy.locked():
                return
            await self.kill(name)
            await asyncio.sleep(wait)

    async def deaf(self, name, seconds):
        """Killed; in its place somebody listens who never says a word."""
        process = self.process(name)
        if process.busy.locked():
            return
        port = self.house.nats_port if name == "nats" else self.house.postgres_port
        async with process.busy:
            self.house.kills += 1
            await process.kill()
            self.house.note("deaf", name, seconds=round(seconds, 1))
            held, server = [], None
            for _ in range(50):
                try:
                    server = await asyncio.start_server(lambda reader, writer: held.append(writer), "127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
            await asyncio.sleep(seconds)
            if server:
                server.close()
            for writer in held:
                writer.transport.abort()
            await asyncio.sleep(0.2)
            await process.start()

    async def fill_disk(self, seconds):
        """JetStream's disk is full for a while."""
        self.house.note("disk full", "nats", seconds=round(seconds, 1))
        path = f"{self.house.store}/ballast"
        try:
            with open(path, "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 65536)
        except OSError:
            pass
        await asyncio.sleep(seconds)
        os.unlink(path)
        self.house.note("disk free", "nats")

    async def perform(self, step):
        """One step of a script."""
        first, seconds = step.targets[0], step.seconds
        if step.what == "kill" or step.what == "outage":
            await self.kill(first, seconds[0])
        elif step.what == "pair":
            one = asyncio.create_task(self.kill(first, seconds[0]))
            await asyncio.sleep(seconds[1])
            await asyncio.gather(one, self.kill(step.targets[1], seconds[2]))
        elif step.what == "debt":
            if not self.process("nats").busy.locked():
                one = asyncio.create_task(self.kill("nats", seconds[0]))
                await asyncio.sleep(seconds[1])
                await asyncio.gather(one, self.kill(step.targets[1], seconds[2]))
        elif step.what == "stop":
            await self.stop(first, seconds[0])
        elif step.what == "term":
            await self.term(first, seconds[0])
        elif step.what == "burst":
            await self.burst(first, seconds)
        elif step.what == "deaf":
            await self.deaf(first, seconds[0])
        elif step.what == "disk":
            await self.fill_disk(seconds[0])


async def storm(house, options):
    """Lets the script of a seed happen until so many kills or seconds; returns when the last thing is over."""
    nemeses, tasks, begun = Nemeses(house), set(), time.monotonic()

    def go(coroutine):
        task = asyncio.create_task(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def outage(name, after, seconds):
        await asyncio.sleep(after)
        while nemeses.process(name).busy.locked():
            await asyncio.sleep(0.1)
        await nemeses.kill(name, seconds)

    if options.profile == "long":
        go(outage("postgres", options.seconds * 0.1, 60))
        go(outage("nats", options.seconds * 0.7, 30))
    for step in steps(options.seed, options.profile, [p.name for p in house.processes], options.interval, options.disk_mb > 0):
        await asyncio.sleep(step.wait)
        if time.monotonic() - begun > options.seconds or house.kills >= options.kills:
            break
        go(nemeses.perform(step))
    while tasks:
        await asyncio.wait(tasks)

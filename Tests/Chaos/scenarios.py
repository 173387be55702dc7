"""Minimal reproductions: each leads to one fault that a storm finds only now and then."""
import asyncio
import os
import random
import signal
import time

from driver import KINDS
from nemeses import Nemeses


async def open_region(house, region, tries=4):
    """Sends an episode until the region's opening was heard."""
    before = house.observer.openings[region.gate]
    for _ in range(tries):
        await house.driver.episode(region, random.Random(1))
        for _ in range(500):
            if house.observer.openings[region.gate] > before:
                return
            await asyncio.sleep(0.01)
    raise RuntimeError(f"{region.gate} did not open")


async def lose_in_flight(house):
    """What is said during the next half second is written to a server that will never read it."""
    house.nats.send(signal.SIGSTOP)
    house.note("stop", "nats")
    await asyncio.sleep(0.5)
    house.kills += 1
    await house.nats.kill()
    await house.nats.start()
    await house.wait_for_nats()
    await asyncio.sleep(0.6)


# How a client asks a stream for its messages.
READS = lambda stream: [f"{word}.DEV-{stream}".encode() for word in ("CONSUMER.MSG.NEXT", "DIRECT.GET", "STREAM.MSG.GET")]


async def stalling_proxy(house, words, seconds, times=1):
    """A way to the nats-server that stands still for a while when a client says one of the words, so many times; its port."""
    left = [True] * times

    async def pipe(reader, writer, watches):
        try:
            while data := await reader.read(1 << 16):
                if watches and left and any(word in data for word in words):
                    left.pop()
                    house.note("stall", "network", seconds=seconds)
                    await asyncio.sleep(seconds)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def serve(reader, writer):
        try:
            there, back = await asyncio.open_connection("127.0.0.1", house.nats_port)
        except OSError:
            return writer.close()
        await asyncio.gather(pipe(reader, back, True), pipe(there, writer, False))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    house.proxies = [*getattr(house, "proxies", []), server]
    return server.sockets[0].getsockname()[1]


async def hole(house):
    """A release is lost in flight, the next opening is stored at once, the thalamus dies before it says the release again."""
    region = house.driver.of("pair")[0]
    await open_region(house, region)
    await asyncio.sleep(2 * KINDS["pair"][2] / 1000 - 0.2)
    await lose_in_flight(house)
    await open_region(house, region)
    await asyncio.sleep(0.3)
    await Nemeses(house).kill("thalamus", 0.2)
    await asyncio.sleep(1)


async def swap(house):
    """A release is said again 5 s later, behind the next opening; the thalamus dies and takes up the older of the two."""
    region = house.driver.of("slow")[0]
    await open_region(house, region)
    await asyncio.sleep(2 * KINDS["slow"][2] / 1000 - 0.2)
    await lose_in_flight(house)
    await open_region(house, region)
    await asyncio.sleep(6.3)
    await Nemeses(house).kill("thalamus", 0.2)
    await asyncio.sleep(2)
    await house.driver.episode(region, random.Random(1))


async def stall(house):
    """The network stands still for 6 s when a starting thalamus reads the last transitions of its gates."""
    region, thalamus = house.driver.of("slow")[0], house.thalami[0]
    await open_region(house, region)
    port = await stalling_proxy(house, READS("TRANSITIONS"), 6)
    house.kills += 1
    await thalamus.kill()
    thalamus.environment = {**thalamus.environment, "NIMMERVERSE_NATS_URL": f"nats://127.0.0.1:{port}"}
    await thalamus.start()
    await asyncio.sleep(22)
    await house.driver.episode(region, random.Random(1))


async def forget(house):
    """The bridge dies when its response is in the stream; the network stands still when the next one reads what has been
    answered."""
    port = await stalling_proxy(house, READS("DECISIONS"), 6, times=2)
    bridge = house.bridge
    house.kills += 1
    await bridge.kill()
    usual, bridge.command = bridge.command, [*bridge.command, "--kill-at", "answered:3"]
    await bridge.start()
    bridge.is_wanted = False  # it will kill itself
    await asyncio.sleep(1)
    for region in house.driver.of("pair")[:5]:
        await open_region(house, region)
    await asyncio.wait_for(bridge.child.wait(), 60)
    house.note("kill", "bridge")
    bridge.command, bridge.environment = usual, {**bridge.environment, "NIMMERVERSE_NATS_URL": f"nats://127.0.0.1:{port}"}
    await bridge.start()
    await asyncio.sleep(25)


async def twice(house):
    """nats-server is away for longer than the bridge's requests wait for their acknowledgement (10 s), while minds are asked:
    are requests asked again whose response was decided, and not yet stored?"""
    # A response is said again every 2 s: spread over all of that, some are not on their way when the server comes back.
    house.mind.power = 1
    for _ in range(house.options.cycles):
        for region in house.driver.of("pair"):
            await house.driver.episode(region, random.Random(1))
        await asyncio.sleep(0.3)
        await Nemeses(house).kill("nats", house.options.away + house.rng.uniform(0, house.options.away / 5))
        await asyncio.sleep(7)


async def acts(house):
    """nats-server stands still for 7 s when the record of a decision's commands is kept."""
    house.mind.commands, before = (1, 2), len(house.observer.heard["response"])
    await house.driver.episode(house.driver.of("pair")[0], random.Random(1))
    while len(house.observer.heard["response"]) == before:
        await asyncio.sleep(0.001)
    await Nemeses(house).stop("nats", 7)
    await asyncio.sleep(8)


async def wait(house):
    """Processes that start long before any server wait for it: none ends, and all work when it comes."""
    ours = [*house.thalami, house.bridge, house.hippocampus]
    for process in [*ours, house.nats, house.postgres]:
        await process.kill()
    for process in ours:
        process.log = f"{house.folder}/{process.name}-waiting.log"
        await process.start()
    await asyncio.sleep(house.options.away + 20)
    await house.nats.start()
    await asyncio.sleep(3)
    await house.postgres.start()
    await house.wait_for_database()
    await well(house)


async def double_kill(house):
    """nats-server and the thalamus are killed at once, again and again, while gates open: what is stored of an opening?"""
    house.driver.start()
    await asyncio.sleep(3)
    nemeses = Nemeses(house)
    for _ in range(house.options.cycles * 2):
        await asyncio.gather(nemeses.kill("nats", house.rng.uniform(0, 0.3)), nemeses.kill("thalamus", house.rng.uniform(0, 0.3)))
        await asyncio.sleep(house.rng.uniform(1.5, 3.5))
    await well(house)
    await house.driver.stop()


async def fenced(house):
    """Of two thalami that share the regions, one is stopped for 20 s while gates open, and goes on: it must not say what
    another has decided meanwhile."""
    house.driver.start()
    await asyncio.sleep(6)
    for cycle in range(max(2, house.options.cycles // 2)):
        await Nemeses(house).stop(house.thalami[cycle % len(house.thalami)].name, 20)
        await asyncio.sleep(12)
    await well(house)
    await house.driver.stop()


async def rolling(house):
    """Old processes are replaced by new ones while gates open, in the order of --order. Each goes back once, but for the hippocampus:
    a schema only goes forward. In the end the streams are those of the new ones."""
    kinds = {"hippocampus": [house.hippocampus], "bridge": [house.bridge], "thalamus": house.thalami}
    house.driver.start()
    await asyncio.sleep(5)
    new = {p: house.command(os.path.basename(p.command[0])) for p in house.processes if p.name not in ("nats", "postgres")}

    async def become(process, command):
        await process.terminate()
        process.command = command
        await process.start()
        await asyncio.sleep(6)

    # The old hippocampus goes on writing to the new schema.
    status, out, err = await house.nimmer("db", "migrate")
    if status:
        raise RuntimeError(f"nimmer db migrate: {out}{err}")
    house.note("migrate", "postgres")
    await asyncio.sleep(5)
    for kind in house.options.order.split(","):
        for process in kinds[kind]:
            old = process.command
            # There, back, and there again: a new one that has to go back leaves nothing that the old one cannot read.
            for command in (new[process],) if kind == "hippocampus" else (new[process], old, new[process]):
                await become(process, command)
            house.note("subjects", kind, **await subjects(house))
    await well(house)
    # Half a minute after the last of the old ones has gone, the streams are those of the new ones; the thalamus looks twice.
    end = time.monotonic() + 120
    while (left := await subjects(house)) != MIGRATED and time.monotonic() < end:
        await asyncio.sleep(2)
    house.note("subjects", "in the end", **left)
    if left != MIGRATED:
        house.ended_by_themselves.append(f"the streams were not migrated: {left}")
    await asyncio.sleep(5)
    await house.driver.stop()


MIGRATED = {"TRANSITIONS": "dev.nervous.gates.*.transition", "ESCALATIONS": "dev.cognitive.bridge.request.*"}


async def subjects(house):
    """What the streams capture that changed since 2.0."""
    found = {}
    for name in MIGRATED:
        info = await house.observer.wire.api(f"STREAM.INFO.DEV-{name}")
        found[name] = " ".join(sorted(info["config"]["subjects"]))
    return found


async def clock(house):
    """The thalamus's wall clock jumps an hour back and a day ahead, also across a restart (libfaketime)."""
    file = f"{house.folder}/clock"
    def set_clock(offset):
        with open(file + ".new", "w") as out:
            out.write(offset + "\n")
        os.rename(file + ".new", file)
        house.note("clock", "thalamus", offset=offset)
    set_clock("+0")
    thalamus = house.thalami[0]
    await thalamus.terminate()
    thalamus.environment = {**thalamus.environment, "LD_PRELOAD": house.options.faketime, "FAKETIME_TIMESTAMP_FILE": file,
                            "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1"}
    await thalamus.start()
    house.driver.start()
    for offset, restarts in (("+0", False), ("-3600", False), ("+0", True), ("+86400", False), ("+0", True), ("+0", False)):
        set_clock(offset)
        if restarts:
            await Nemeses(house).kill("thalamus", 0.2)
        await asyncio.sleep(10)
    await well(house)
    await house.driver.stop()


async def well(house, patience=240):
    """Waits until every process works again: each region that shall open opens, and is answered. However slow the machine is."""
    must = [r for r in house.driver.regions if r.kind in ("pair", "trio")]
    before, asked = dict(house.observer.openings), len(house.observer.heard["response"])
    end = time.monotonic() + patience
    alone = None if house.driver.running else asyncio.create_task(repeat(house, must))
    try:
        while True:
            left = [r.gate for r in must if house.observer.openings[r.gate] == before.get(r.gate, 0)]
            if not left and len(house.observer.heard["response"]) > asked:
                return
            if time.monotonic() > end:
                house.ended_by_themselves.append(f"nothing works {patience} s after the end: {left[:5]} do not open, "
                                                 f"{len(house.observer.heard['response']) - asked} responses")
                return
            await asyncio.sleep(0.2)
    finally:
        if alone:
            alone.cancel()


async def repeat(house, regions):
    while True:
        for region in regions:
            await house.driver.episode(region, random.Random(1))
        await asyncio.sleep(2)


SCENARIOS = {"hole": hole, "swap": swap, "stall": stall, "forget": forget, "twice": twice, "acts": acts, "wait": wait,
             "double-kill": double_kill, "fenced": fenced, "rolling": rolling, "clock": clock}

#!/usr/bin/env python3
"""Cells that name thousands of regions that nobody has heard of: do honest pairs still open in milliseconds?

    Tests/Chaos/regions.py --binaries .build/release

Starts a nats-server and a thalamus. A pair of honest cells opens one gate after the other, alone, and then beside each attack:
`one` is a cell that speaks of 10,000 new regions a second; `two` are cells that agree about each of theirs, so that it opens;
`origins` is a cell that claims to be two witnesses.

Exit status 0: all holds; 1: something does not, and is named; 2: the harness itself failed. The last line counts the checks.
"""
import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks  # noqa: E402
from house import free_port  # noqa: E402
from processes import die_with_parent  # noqa: E402
from times import rfc3339  # noqa: E402
from wire import Wire  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Attack → the cells that speak, with the origins that each claims (its own name where it claims none).
ATTACKS = {"one": [("mad", [None])], "two": [("mad", [None]), ("madder", [None])], "origins": [("mad", ["x", "y"])]}
# An opening beside an attack may take so long, in milliseconds: the median, and 9 of 10.
P50, P90 = 20.0, 100.0


def envelope(kind, body, source):
    at = rfc3339(time.time_ns() // 1000)
    return json.dumps({"header": {
        "message_id": str(uuid.uuid4()), "message_type": kind, "version": "2.0", "timestamp": at,
        "source": {"entity_id": source, "entity_type": "cell"}}, "body": body}).encode()


def wave(cell, region, confidence=0.9, origin=None):
    body = {"domain": region.split(".")[0], "region": region, "confidence": confidence, "semantic_content": {}}
    return envelope("WaveSignal", body | ({"origin": origin} if origin else {}), cell)


class Ground:
    """A nats-server, a thalamus, and what its gates say."""

    def __init__(self, options):
        self.options, self.port, self.children, self.opened = options, free_port(), [], {}
        self.system = f"{options.out}/system.yaml"
        shutil.rmtree(options.out, ignore_errors=True)
        os.makedirs(options.out)
        with open(self.system, "w") as file:
            file.write("nimmerverse: 1\nname: regions\ncells:\n" + "".join(
                f"  - {{name: {name}, command: [{name}]}}\n" for name in ("ann", "ben", "mad", "madder")))
        with open(f"{options.out}/nats.conf", "w") as file:
            file.write(f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{options.out}/js" }}\n')

    def start(self, *command):
        log = open(f"{self.options.out}/{os.path.basename(command[0])}.log", "ab")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NIMMER")} | {
            "NIMMERVERSE_NATS_URL": f"nats://127.0.0.1:{self.port}", "NIMMERVERSE_ENV": "dev"}
        child = subprocess.Popen(command, stdout=log, stderr=log, env=environment, preexec_fn=die_with_parent)
        self.children.append(child)
        return child

    async def set_up(self):
        self.start(self.options.nats, "-c", f"{self.options.out}/nats.conf")
        self.wire = Wire(self.port, "honest").start()
        await asyncio.wait_for(self.wire.up.wait(), 10)
        self.start(f"{self.options.binaries}/thalamus", "--system", self.system)
        self.wire.subscribe("dev.nervous.gates.*.transition", self.hear)
        for _ in range(100):
            if await self.wire.statistics("thalamus", 0.3):
                return await asyncio.sleep(0.5)
        raise RuntimeError("the thalamus does not answer")

    def tear_down(self):
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def hear(self, subject, reply, headers, payload):
        gate = subject.split(".")[3]
        if gate in self.opened and json.loads(payload)["body"]["to_state"] == "open" and not self.opened[gate].done():
            self.opened[gate].set_result(time.perf_counter())

    async def opening(self, region, within=30):
        """Milliseconds from the second of two waves to the opening."""
        gate = region.replace(".", "--")
        self.opened[gate] = asyncio.get_running_loop().create_future()
        self.wire.publish("dev.nervous.cells.ann.wave", wave("ann", region))
        await asyncio.sleep(0.01)
        sent = time.perf_counter()
        self.wire.publish("dev.nervous.cells.ben.wave", wave("ben", region))
        try:
            return (await asyncio.wait_for(self.opened[gate], within) - sent) * 1000
        except asyncio.TimeoutError:
            return float("inf")


async def attack(ground, senders, seconds, rate, tag):
    """Waves of new regions, each region once by every sender and origin; how many left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ground.port)
    await reader.readline()
    writer.write(b'CONNECT {"verbose":false,"pedantic":false,"name":"attack"}\r\nPING\r\n')
    begun, sent = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        for _ in range(100):
            for cell, origins in senders:
                for origin in origins:
                    payload = wave(cell, f"attack.{tag}-{sent}", 0.95, origin)
                    writer.write(f"PUB dev.nervous.cells.{cell}.wave {len(payload)}\r\n".encode() + payload + b"\r\n")
            sent += 1
        await writer.drain()
        await asyncio.sleep(max(0, sent / rate - (time.monotonic() - begun)))
    writer.close()
    return sent


async def attacker(ground, name, options):
    """The attack as a program of its own, so that its work does not hold up the honest pair's."""
    return await asyncio.create_subprocess_exec(
        sys.executable, os.path.abspath(__file__), "--attack", name, "--port", str(ground.port), "--seconds",
        str(options.seconds + 2), "--rate", str(options.rate), preexec_fn=die_with_parent)


async def openings(ground, seconds, tag):
    found, end, turn = [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        found.append(await ground.opening(f"honest.{tag}-{turn % 60}"))
        turn += 1
        await asyncio.sleep(0.15)
    return sorted(found)


async def measure(options, checks):
    for name in options.only or ATTACKS:
        ground = Ground(options)
        try:
            await ground.set_up()
            alone = await openings(ground, 3, "alone")
            process = await attacker(ground, name, options)
            await asyncio.sleep(1)
            beside = await openings(ground, options.seconds, name)
            await process.wait()
            statistics = await ground.wire.statistics("thalamus", 20)
            data = (statistics or {}).get("data", {})
        finally:
            ground.wire.close()
            ground.tear_down()
        at = lambda found, share: found[min(len(found) - 1, int(len(found) * share))]
        checks.facts[f"{name}: alone"] = f"p50 {at(alone, 0.5):.1f} ms, p90 {at(alone, 0.9):.1f} ms, at most {alone[-1]:.1f} ms of {len(alone)}"
        checks.facts[f"{name}: beside the attack"] = f"p50 {at(beside, 0.5):.1f} ms, p90 {at(beside, 0.9):.1f} ms, at most {beside[-1]:.1f} ms of {len(beside)}"
        checks.facts[f"{name}: the thalamus"] = json.dumps({k: data.get(k) for k in (
            "waves_in", "waves_lost", "rejected", "waves_ungranted", "waves_in_refused_regions", "regions")})
        checks("regions", f"{name}: honest openings take milliseconds",
               [f"p50 {at(beside, 0.5):.1f} ms, p90 {at(beside, 0.9):.1f} ms"] if at(beside, 0.5) > P50 or at(beside, 0.9) > P90 else [])
        checks("regions", f"{name}: the attack is refused and counted",
               [data] if not data.get("waves_in_refused_regions") and not data.get("waves_ungranted") else [])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=f"{ROOT}/.build/release", help="where swift build put the programs")
    parser.add_argument("--nats", default="/usr/sbin/nats-server", help="the nats-server")
    parser.add_argument("--seconds", type=float, default=12, help="how long each attack lasts")
    parser.add_argument("--rate", type=float, default=10_000, help="new regions a second")
    parser.add_argument("--only", nargs="*", choices=list(ATTACKS), help="only these attacks")
    parser.add_argument("--out", default="/tmp/nimmer-regions", help="the folder for everything; what is there is removed")
    parser.add_argument("--attack", choices=list(ATTACKS), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


async def main():
    options, checks = arguments(), Checks()
    if options.attack:
        await attack(options, ATTACKS[options.attack], options.seconds, options.rate, uuid.uuid4().hex[:6])
        return 0
    try:
        await measure(options, checks)
    except Exception:
        traceback.print_exc()
        return 2
    for what, figure in checks.facts.items():
        print(f"  {what:32} {figure}")
    for rule, claim, found in checks.failures:
        print(f"  FAILED {rule}: {claim}: {found}")
    print(f"{checks.passed} passed, {len(checks.failures)} failed, 0 skipped", flush=True)
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

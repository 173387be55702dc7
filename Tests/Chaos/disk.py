#!/usr/bin/env python3
"""Fills disks and kills who keeps what waits: JetStream's disk, and that of a state folder (docs/reference/processes.md, State).

    Tests/Chaos/disk.py --binaries .build/release --nats /usr/sbin/nats-server
    Tests/Chaos/disk.py --binaries .build/release --scenario kill

Starts its own nats-server on a tmpfs of a few MiB and real processes on free ports of loopback; needs root for the mounts. What it
leaves is the folder of --out: a log of each process, and the journals.

Scenarios: SCENARIOS

Exit status 0: all holds; 1: something does not, and is named; 2: the harness itself failed. The last line counts the checks.
"""
import argparse
import asyncio
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import traceback
import urllib.request
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Driver  # noqa: E402
from processes import Process, busy, die_with_parent  # noqa: E402
from wire import Wire  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STREAM = "DEV-TRANSITIONS"


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def journal(path):
    """The messages that a journal keeps, by id: an own reading of its records (NJ, kind, length, CRC-32, body)."""
    with open(path, "rb") as file:
        data = file.read()
    kept, at = {}, 0
    while at + 11 <= len(data):
        kind, count, crc = data[at + 2], int.from_bytes(data[at + 3:at + 7], "little"), int.from_bytes(data[at + 7:at + 11], "little")
        body = data[at + 11:at + 11 + count]
        if data[at:at + 2] != b"NJ" or len(body) < count or zlib.crc32(body) != crc:
            at += 1
            continue
        name = body[:16].hex()
        if kind == ord("P"):
            kept[name] = body
        else:
            kept.pop(name, None)
        at += 11 + count
    return set(kept)


def released(transitions):
    """The gates that are stable again."""
    return {gate for _, gate, _, _, after in transitions if after == "stable"}


class Disk:
    """A file system of so many KiB that can be filled up."""

    def __init__(self, path, kib):
        self.path = path
        os.makedirs(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "tmpfs", path], check=True)

    def fill(self):
        with open(f"{self.path}/ballast", "ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def free(self):
        os.unlink(f"{self.path}/ballast")

    def unmount(self):
        subprocess.run(["umount", self.path], check=False)


class Lab:
    """A nats-server on a small disk, and one process with a state folder."""

    def __init__(self, options, name):
        self.options, self.folder = options, f"{os.path.abspath(options.out)}/{name}"
        self.begun, self.is_ending = time.time(), False
        self.ended_by_themselves, self.disks, self.processes = [], [], []
        self.wrong, self.passed, self.facts = [], 0, []
        self.wire = self.driver = None

    # -- what Process wants of its house

    def age(self):
        return time.time() - self.begun

    def note(self, what, target="", **more):
        if self.options.verbose:
            print(f"  {self.age():8.2f} {what} {target} {more or ''}", flush=True)

    # -- the parts

    async def set_up(self, store_kib=24 << 10, state_kib=None):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.port, self.http = free_port(), free_port()
        with open(f"{self.folder}/system.yaml", "w") as file:
            file.write("nimmerverse: 1\nname: disk\ngates:\n  regions:\n"
                       '    "pair.>": {window_ms: 400, half_life_ms: 300}\n'
                       "    near: {window_ms: 300, half_life_ms: 100}\n"
                       "cells:\n  - name: near\n    kind: distance/v1\n    settings: {file: "
                       f"{self.folder}/near.csv, interval_ms: 20, region: near, weight: 0.95, forget_ms: 50}}\n")
        with open(f"{self.folder}/near.csv", "w") as file:
            file.write("".join("0.2\n" * 8 + "4\n" * 30 for _ in range(400)))
        store, self.state = Disk(f"{self.folder}/jetstream", store_kib), f"{self.folder}/state"
        self.disks, self.store = [store], store
        if state_kib:
            self.disks.append(Disk(self.state, state_kib))
        with open(f"{self.folder}/nats.conf", "w") as file:
            file.write(f'listen: "127.0.0.1:{self.port}"\njetstream: {{ store_dir: "{store.path}" }}\n')
        said = subprocess.run([self.options.nats, "--version"], capture_output=True, text=True, check=True).stdout
        self.nats_version = tuple(int(x) for x in re.search(r"(\d+)\.(\d+)", said).groups())
        self.nats = Process(self, "nats", [self.options.nats, "-c", f"{self.folder}/nats.conf"])
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "NIMMERVERSE_ENV": "dev", "NIMMERVERSE_LOG": "json",
            "NIMMERVERSE_NATS_URL": f"nats://127.0.0.1:{self.port}", "NIMMERVERSE_HTTP_PORT": f"127.0.0.1:{self.http}",
            "NIMMERVERSE_STATE": self.state}
        make = lambda name, *words: Process(
            self, name, [f"{self.options.binaries}/{words[0]}", "--system", f"{self.folder}/system.yaml", *words[1:]],
            self.environment, folder=self.folder)
        self.thalamus, self.cell = make("thalamus", "thalamus"), make("near", "distance-cell", "--name", "near")
        self.processes = [self.thalamus, self.cell, self.nats]
        await self.nats.start()
        self.wire = Wire(self.port, "disk").start()
        await asyncio.wait_for(self.wire.up.wait(), 120)
        self.driver = Driver(self.wire, random.Random(7), scale=4)
        self.calm = iter(self.driver.of("pair"))

    async def tear_down(self):
        self.is_ending = True
        for process in self.processes:
            if process.is_alive:
                await process.terminate(grace=15)
        if self.wire:
            self.wire.close()
        for disk in self.disks:
            disk.unmount()

    async def ready(self, seconds=120):
        await self.until(lambda: self.page("readyz") is not None, seconds)

    def page(self, name):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/{name}", timeout=20) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def metric(self, name):
        """A number of the process's page; None when it is not there."""
        found = re.search(rf"^{name}(?:{{.*}})? ([0-9.e+-]+)$", self.page("metrics") or "", re.M)
        return float(found[1]) if found else None

    def said(self, process, words):
        """When a process logged words last, in seconds since 1970; None when it never did."""
        found = None
        with open(process.log) as file:
            for line in file:
                if words in line and line.startswith("{"):
                    entry = json.loads(line)
                    found = entry
        return found

    def count(self, process, words):
        with open(process.log) as file:
            return sum(words in line for line in file)

    async def until(self, holds, seconds):
        """Whether something comes true in time, and after how many seconds."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            if await asyncio.to_thread(holds):
                return time.monotonic() - begun
            await asyncio.sleep(0.02)
        return None

    async def status(self):
        """What `nimmer status --json` calls degraded."""
        child = await asyncio.create_subprocess_exec(
            f"{self.options.binaries}/nimmer", "status", "--json", env=self.environment, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent)
        out, _ = await child.communicate()
        return json.loads(out)["degraded"]

    async def open_regions(self, number):
        """Sends an episode to so many regions that were calm so far: each opens and, soon, is released."""
        regions = [next(self.calm) for _ in range(number)]
        await asyncio.gather(*(self.driver.episode(region, random.Random(1)) for region in regions))
        if not all(region.episodes[-1]["delivered"] for region in regions):
            raise RuntimeError("a wave could not be sent")
        return {region.gate for region in regions}

    async def stored(self):
        """Every stored transition: (id, gate, at, from, to), in the stream's order."""
        return [(m["header"]["message_id"], m["body"]["gate_id"], m["header"]["timestamp"], m["body"]["from_state"], m["body"]["to_state"])
                for m in (entry["message"] for entry in await self.wire.read_stream(STREAM))]

    async def stored_once(self, holds):
        """Every stored transition once this holds of them, or after two minutes."""
        end = time.monotonic() + 120
        while True:
            try:
                found = await self.stored()
                if holds(found) or time.monotonic() > end:
                    return found
            except RuntimeError:
                # More was stored while it was read.
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(0.5)

    # -- what is checked

    def check(self, claim, holds, found=""):
        print(f"  {'ok  ' if holds else 'FAIL'} {claim}{f': {found}' if found != '' else ''}", flush=True)
        if holds:
            self.passed += 1
        else:
            self.wrong.append(claim)

    async def check_named(self, process, words, gauge, begun, line):
        """Something is named within a second, in metrics and log, and by the status: of the process, or of its silent server."""
        passed = await self.until(lambda: self.metric(gauge) == 1, 60)
        took = None if passed is None else time.monotonic() - begun
        self.check(f"{gauge} says so within a second", took is not None and took <= 1 * busy(), took and f"{took:.2f} s")
        passed = await self.until(lambda: self.count(process, words) > 0, 60)
        self.check(f"the log says so: {words}", passed is not None and time.monotonic() - begun <= 1.5 * busy(),
                   f"{time.monotonic() - begun:.2f} s")
        degraded = await self.status()
        self.check("nimmer status says so", any(line in text or "JetStream hangs" in text for text in degraded),
                   [text for text in degraded if line in text or "does not answer" in text][:2])

    async def check_over(self, process, words, seconds=120):
        passed = await self.until(lambda: self.metric("nimmer_outbox_waiting") == 0, seconds)
        self.check("all is stored once there is room again", passed is not None, passed and f"after {passed:.2f} s")
        passed = await self.until(lambda: self.count(process, words) > 0, 60)
        self.check(f"the log says so: {words}", passed is not None)
        troubles = {name: self.metric(name) for name in ("nimmer_outbox_trouble", "nimmer_outbox_journal_trouble")}
        self.check("no trouble is left in the metrics", all(not value for value in troubles.values()), troubles)
        degraded = [text for text in await self.status() if text.startswith(process.name) or "does not answer" in text]
        self.check("nor in the status", not degraded, degraded or "")

    async def check_stored(self, gates, least, kept=()):
        """The stream holds each transition once, a gate's in order, and what was decided."""
        # Releases come in their time, later on a busy machine.
        found = await self.stored_once(lambda found: len(found) >= least and gates <= released(found))
        times = collections.Counter(name for name, *_ in found)
        self.check("nothing is stored twice", max(times.values(), default=0) <= 1, f"{len(found)} transitions")
        paths = collections.defaultdict(list)
        for _, gate, at, before, after in found:
            paths[gate].append((at, before, after))
        broken = [gate for gate, steps in paths.items()
                  if any(a[2] != b[1] or a[0] >= b[0] for a, b in zip(steps, steps[1:]))]
        self.check("each gate's transitions are a path, in order", not broken, broken or f"{len(paths)} gates")
        openings = sum(after == "open" for *_, after in found)
        closed = [gate for gate in gates if [s[1:] for s in paths[gate]] != [("stable", "open"), ("open", "stable")]]
        if gates:
            self.check("each region opened once and was released", not closed, closed or f"{openings} openings")
        self.check("nothing decided is missing", len(found) >= least and set(kept) <= {n.replace("-", "") for n in times},
                   f"{len(kept)} were in the journal")


async def full(lab):
    """JetStream's disk is full for some seconds: named at once, and all is stored when there is room again."""
    await lab.set_up()
    await lab.thalamus.start()
    await lab.ready()
    gates = await lab.open_regions(5)
    await asyncio.sleep(1.5)
    lab.store.fill()
    begun = time.monotonic()
    gates |= await lab.open_regions(10)
    await lab.check_named(lab.thalamus, "Streams do not take messages", "nimmer_outbox_trouble", begun,
                          "streams do not take what it decides")
    gates |= await lab.open_regions(10)
    await asyncio.sleep(3)
    lab.check("the thalamus lives, and says what waits", (lab.metric("nimmer_outbox_waiting") or 0) > 0, lab.metric("nimmer_outbox_waiting"))
    lab.check("the journal keeps what waits", lab.metric("nimmer_outbox_journal_messages") == lab.metric("nimmer_outbox_waiting"))
    lab.store.free()
    await over(lab)
    await lab.check_over(lab.thalamus, "Streams take messages again")
    gates |= await lab.open_regions(5)
    await asyncio.sleep(2)
    await lab.check_stored(gates, 60)


async def over(lab, seconds=4):
    """There is room again. A nats-server that could not write takes no messages before it is restarted (docs/deployment.md, A full disk)."""
    if await lab.until(lambda: lab.metric("nimmer_outbox_waiting") == 0, seconds) is None:
        print("  note nats-server does not go on by itself once it could not write; it is restarted", flush=True)
        await restart(lab)


async def restart(lab):
    # 2.9 hangs, also when it is asked to stop.
    await (lab.nats.kill() if lab.nats_version < (2, 10) else lab.nats.terminate(grace=20))
    await lab.nats.start()
    await asyncio.wait_for(lab.wire.up.wait(), 120)


async def limit(lab):
    """JetStream reaches its own limit (max_file_store): it says so, and takes messages again when something is deleted."""
    await lab.set_up()
    await lab.thalamus.start()
    await lab.ready()
    await lab.wire.api("STREAM.CREATE.BALLAST", {"name": "BALLAST", "subjects": ["ballast"], "storage": "file"})
    for size in (1 << 16, 1 << 10, 100):
        while "error" not in json.loads((await lab.wire.request("ballast", b"x" * size))[1]):
            pass
    begun = time.monotonic()
    gates = await lab.open_regions(10)
    await lab.check_named(lab.thalamus, "Streams do not take messages", "nimmer_outbox_trouble", begun,
                          "streams do not take what it decides")
    await lab.wire.api("STREAM.DELETE.BALLAST")
    await lab.check_over(lab.thalamus, "Streams take messages again")
    await lab.check_stored(gates, 20)


async def own(lab):
    """The disk of the state folder is full while JetStream's is, too: named, and both go on by themselves."""
    await lab.set_up(state_kib=256)
    await lab.thalamus.start()
    await lab.ready()
    lab.disks[1].fill()
    lab.store.fill()
    begun = time.monotonic()
    gates = await lab.open_regions(10)
    await lab.check_named(lab.thalamus, "kept in memory only", "nimmer_outbox_journal_trouble", begun, "kept in memory only")
    lab.disks[1].free()
    passed = await lab.until(lambda: lab.metric("nimmer_outbox_journal_trouble") == 0, 60)
    lab.check("the journal is written once there is room", passed is not None and passed <= 1.5 * busy(), passed and f"after {passed:.2f} s")
    passed = await lab.until(lambda: lab.metric("nimmer_outbox_journal_messages") == lab.metric("nimmer_outbox_waiting"), 60)
    lab.check("it keeps all that waits", passed is not None, lab.metric("nimmer_outbox_waiting"))
    lab.store.free()
    await over(lab)
    await lab.check_over(lab.thalamus, "kept in the journal again")
    await lab.check_stored(gates, 20)


async def kill(lab):
    """The thalamus is killed while JetStream's disk is full, twice, and goes on with what its journal kept."""
    await lab.set_up()
    await lab.thalamus.start()
    await lab.ready()
    gates = await lab.open_regions(4)
    await asyncio.sleep(1.5)
    lab.store.fill()
    gates |= await lab.open_regions(12)
    # Also the releases are to be in the journal; so are the openings half a second after they happened.
    await asyncio.sleep(1.5)
    path = f"{lab.state}/outbox-thalamus.journal"
    kept, end = journal(path), time.monotonic() + 120
    while True:
        # 2.9 answers nothing any more.
        before = 32 - len(kept)
        if lab.nats_version >= (2, 10):
            before = (await lab.wire.api(f"STREAM.INFO.{STREAM}"))["state"]["messages"]
        last, kept = kept, journal(path)
        if last == kept and 20 <= len(kept) and len(kept) + before == 32 or time.monotonic() > end:
            break
        await asyncio.sleep(0.5)
    lab.check("the journal keeps what waits", 20 <= len(kept) and len(kept) + before == 32, f"{len(kept)}, {before} are stored")
    await lab.thalamus.kill()
    await lab.thalamus.start()
    await asyncio.sleep(2)
    lab.check("a new life keeps it", journal(path) == kept)
    await lab.thalamus.kill()
    lab.store.free()
    await lab.thalamus.start()
    if await lab.until(lambda: lab.page("readyz") is not None, 10) is None:
        print("  note nats-server does not go on by itself once it could not write; it is restarted", flush=True)
        await restart(lab)
        await lab.ready()
    await over(lab)
    passed = await lab.until(lambda: lab.metric("nimmer_outbox_waiting") == 0, 120)
    lab.check("all is stored once there is room again", passed is not None, passed and f"after {passed:.2f} s")
    gates |= await lab.open_regions(4)
    await asyncio.sleep(2)
    await lab.check_stored(gates, 40, kept)
    lab.check("the journal is empty", os.path.getsize(path) == 0, os.path.getsize(path))


async def cell(lab):
    """nats-server is away: a cell's own gate opens again and again, the cell is killed and goes on with what its journal kept."""
    await lab.set_up()
    await lab.thalamus.start()
    await lab.ready()
    await lab.thalamus.terminate()
    await lab.cell.start()
    await lab.ready()
    await asyncio.sleep(2)
    await lab.nats.kill()
    await asyncio.sleep(4)
    path = f"{lab.state}/outbox-near.journal"
    await lab.until(lambda: len(journal(path)) >= 4, 120)
    await lab.cell.kill()
    kept = journal(path)
    lab.check("the journal keeps what the cell's gate did", len(kept) >= 4, len(kept))
    await lab.cell.start()
    await asyncio.sleep(4)
    await lab.until(lambda: kept < journal(path), 120)
    await lab.cell.kill()
    again = journal(path)
    lab.check("a second life adds to it", kept < again, len(again))
    await lab.cell.start()
    await asyncio.sleep(1)
    await lab.nats.start()
    await asyncio.wait_for(lab.wire.up.wait(), 120)
    await lab.ready()
    await asyncio.sleep(1)
    await lab.stored_once(lambda found: again <= {name.replace("-", "") for name, *_ in found})
    await lab.cell.terminate()
    found = await lab.stored()
    times = collections.Counter(name for name, *_ in found)
    lab.check("nothing is stored twice", max(times.values(), default=0) <= 1, f"{len(found)} transitions")
    missing = again - {name.replace("-", "") for name in times}
    lab.check("everything that the journal kept is stored", not missing, missing or len(again))
    order = [at for _, _, at, *_ in found]
    lab.check("in order", order == sorted(order))


SCENARIOS = {scenario.__name__: scenario for scenario in (limit, full, own, kill, cell)}


async def main():
    documentation = __doc__.replace("SCENARIOS", "".join(
        f"\n  {name:6} {' '.join(scenario.__doc__.split())}" for name, scenario in SCENARIOS.items()))
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=f"{ROOT}/.build/release", help="where swift build put the programs")
    parser.add_argument("--nats", default="/usr/sbin/nats-server", help="the nats-server")
    parser.add_argument("--scenario", choices=SCENARIOS, help="one of them; all unless given")
    parser.add_argument("--out", default="/tmp/nimmer-disk", help="the folder for everything; what is there is removed")
    parser.add_argument("--verbose", action="store_true", help="print what is done when it is done")
    options = parser.parse_args()
    options.binaries = os.path.abspath(options.binaries)
    for program in ("thalamus", "distance-cell", "nimmer"):
        if not os.path.exists(f"{options.binaries}/{program}"):
            print(f"disk.py: {options.binaries}/{program} is not there", file=sys.stderr)
            return 2
    if os.geteuid() != 0:
        print("disk.py: only root may mount a small disk", file=sys.stderr)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    version = subprocess.run([options.nats, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    passed = failed = 0
    for name in [options.scenario] if options.scenario else SCENARIOS:
        print(f"{name}, {version}: {' '.join(SCENARIOS[name].__doc__.split())}", flush=True)
        lab = Lab(options, name)
        try:
            await SCENARIOS[name](lab)
            lab.check("nobody ended by himself", not lab.ended_by_themselves, lab.ended_by_themselves or "")
        except Exception:
            traceback.print_exc()
            return 2
        finally:
            await lab.tear_down()
        passed, failed = passed + lab.passed, failed + len(lab.wrong)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

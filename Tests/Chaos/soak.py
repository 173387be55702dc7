#!/usr/bin/env python3
"""A day's waves in minutes, and a crowd with one mad cell: is memory flat, do bounds hold, do the others still get through?

    Tests/Chaos/soak.py --binaries .build/release --plot docs/reliability/memory.svg

Part `day`: 24 hours' worth of waves at 100 a second (8.64 million) go through the live system as fast as it goes, with gates that
open and minds that answer all the time; resident memory of every process is sampled, and must be flat over the second half.
Part `crowd`: 100,000 regions and 10,000 origins, then with them one cell that speaks as fast as it can. Memory stays bounded, the
loudest sender is named, and the time from a wave to its transition of the others is measured with and without it.

Exit status 0: all holds; 1: something does not, and is named; 2: the harness itself failed. The last line counts the checks.
"""
import argparse
import asyncio
import json
import os
import random
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks  # noqa: E402
from driver import Region  # noqa: E402
from house import House  # noqa: E402
from judgement import MEMORY  # noqa: E402
from plot import slope, svg  # noqa: E402
from report import command, write_block  # noqa: E402
from scenarios import well  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


async def flood(house, *words):
    """Starts a flood; its process."""
    return await asyncio.create_subprocess_exec(
        sys.executable, f"{HERE}/flood.py", "--port", str(house.nats_port), *(("--password", house.password) if house.password else ()),
        *map(str, words), stdout=asyncio.subprocess.PIPE)


async def ended(process):
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"flood.py ended with {process.returncode}")
    return json.loads(out)


def memory(house, since):
    """Process → [(seconds, MiB)] since a moment."""
    return {p.name: [(t - since, kib / 1024) for t, start, kib in p.memory if t >= since] for p in house.processes}


async def day(house, options, checks):
    """8.64 million waves, and what memory did meanwhile."""
    house.driver.start()
    await asyncio.sleep(5)
    begun = house.age()
    said = await ended(await flood(house, "--waves", options.waves, "--follow", 200_000))
    left = house.age() + 20
    statistics = await house.observer.thalamus()
    while statistics["waves_in"] < said["sent"] and house.age() < left:
        await asyncio.sleep(0.2)
        statistics = await house.observer.thalamus()
    await house.driver.stop()
    sizes = memory(house, begun)
    heard, lost = statistics["waves_in"], statistics["waves_lost"]
    checks.facts["waves"] = (f"{said['sent']} in {said['seconds']:.0f} s ({said['sent'] / said['seconds']:.0f} a second), "
                             f"{heard:.0f} heard with those of the gates that open, {lost:.0f} lost")
    checks.facts["openings meanwhile"] = sum(house.observer.openings.values())
    checks("soak", "no wave was lost", [lost] if lost else [])
    for process in house.processes:
        points = sizes[process.name]
        half = points[len(points) // 2:]
        grown = slope(half) * (half[-1][0] - half[0][0]) if half else 0
        checks.facts[f"memory of {process.name}"] = (
            f"{points[0][1]:.1f} MiB, at most {max(v for _, v in points):.1f}, at the end {points[-1][1]:.1f}; {grown:+.2f} over "
            "the second half")
        if process not in (house.nats, house.postgres):
            bound = max(1.0, 0.05 * half[0][1])
            checks("soak", f"memory of {process.name} is flat over the second half",
                   [f"{grown:+.2f} MiB; at most {bound:.2f}"] if grown > bound else [])
    if options.plot:
        os.makedirs(os.path.dirname(os.path.abspath(options.plot)), exist_ok=True)
        with open(options.plot, "w") as file:
            file.write(svg(f"Resident memory while {said['sent'] / 1e6:.2f} million waves pass", "MiB", sizes))


async def latencies(house, seconds, name):
    """Milliseconds from the second wave of a pair to its transition, of regions of their own that open in turn."""
    regions = [Region("pair", 1000 + i) for i in range(40)]
    sent, found = {}, []
    def hear(subject, reply, headers, payload):
        gate = subject.split(".")[3]
        if gate in sent and json.loads(payload)["body"]["to_state"] == "open":
            found.append((time.perf_counter() - sent.pop(gate)) * 1000)
    if not hasattr(house, "probe"):
        house.probe = hear
        house.observer.wire.subscribe("dev.nervous.gates.*.transition", lambda *a: house.probe(*a))
        await asyncio.sleep(0.3)
    house.probe = hear
    end, turn, missed = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        region = regions[turn % len(regions)]
        missed += region.gate in sent
        turn += 1
        # An episode's last wave opens the gate.
        script = region.script(random.Random(turn))
        region.script = lambda rng, script=script: [(5 if wait else 0, *rest) for wait, *rest in script]
        await house.driver.episode(region, random.Random(1))
        sent[region.gate] = time.perf_counter()
        await asyncio.sleep(0.045)
    await asyncio.sleep(2)
    found.sort()
    at = lambda share: found[min(len(found) - 1, int(len(found) * share))] if found else float("inf")
    result = {"p50": at(0.5), "p99": at(0.99), "count": len(found), "without": len(sent) + missed}
    print(f"  {name}: p50 {result['p50']:.2f} ms, p99 {result['p99']:.2f} ms of {len(found)}, {result['without']} without", flush=True)
    return result


async def crowd(house, options, checks):
    """100,000 regions and 10,000 origins; then a mad cell beside them."""
    begun = house.age()
    quiet = await latencies(house, options.seconds, "nobody else")
    many = ("--regions", 100_000, "--origins", 10_000, "--cells", 1000, "--domain", "crowd", "--cell", "crowd")
    base = await flood(house, *many, "--rate", 20_000, "--block", 500)
    await asyncio.sleep(8)
    without = await latencies(house, options.seconds, "100,000 regions and 10,000 origins at 20,000 a second")
    mad = await flood(house, "--regions", 1, "--origins", 0, "--cells", 1, "--cell", "mad", "--domain", "madness",
                      "--confidence", 0.9, "--block", 200, "--rate", options.mad_rate)
    await asyncio.sleep(12)
    beside = await latencies(house, options.seconds, "and one mad cell")
    statistics = await house.observer.thalamus()
    for process in (mad, base):
        process.kill()
        await process.wait()
    sizes = memory(house, begun)
    for process in house.processes:
        highest = max(v for _, v in sizes[process.name])
        checks.facts[f"memory of {process.name} with the crowd"] = f"{highest:.1f} MiB at most"
        if process not in (house.nats, house.postgres):
            checks("crowd", f"{process.name} stays below {MEMORY // 1024} MiB", [highest] if highest > MEMORY / 1024 else [])
    for name, found in (("alone", quiet), ("with the crowd", without), ("with the mad cell, too", beside)):
        checks.facts[f"wave to transition, {name}"] = f"p50 {found['p50']:.2f} ms, p99 {found['p99']:.2f} ms of {found['count']}"
    checks.facts["p99 with the mad cell against without"] = f"{beside['p99'] / without['p99']:.2f}"
    checks.facts["regions known"] = statistics["regions"]
    named = [s for s in statistics.get("loudest_senders", []) if s["sender"] == "mad-0"]
    checks.facts["the mad cell, held back to"] = ", ".join(
        f"{s['waves_per_second']:.0f} a second, {s['share']:.0%} of all" for s in named)
    checks("crowd", "the thalamus names the mad cell", [] if named else [statistics])
    checks("crowd", "the others' p99 is at most twice that without the mad cell",
           [f"{beside['p99']:.1f} ms after {without['p99']:.1f} ms"] if beside["p99"] > 2 * without["p99"] else [])
    checks("crowd", "the crowd opens nothing", [g for g in house.observer.openings if g.startswith(("crowd", "madness"))][:3])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=f"{ROOT}/.build/release", help="where swift build put the programs")
    parser.add_argument("--nats", default="/usr/sbin/nats-server", help="the nats-server")
    parser.add_argument("--part", choices=("day", "crowd"), help="only this part")
    parser.add_argument("--waves", type=int, default=8_640_000, help="day: how many")
    parser.add_argument("--seconds", type=float, default=20, help="crowd: how long each latency is measured")
    parser.add_argument("--mad-rate", type=float, default=0, help="crowd: the mad cell's waves a second; 0: as fast as it goes")
    parser.add_argument("--no-identities", action="store_true", help="nobody needs a key, and everybody may do everything")
    parser.add_argument("--plot", metavar="FILE", help="day: draw memory there, as SVG")
    parser.add_argument("--report", metavar="PAGE", help="put what was found into the page, such as docs/reliability.md")
    parser.add_argument("--out", default="/tmp/nimmer-soak", help="the folder for everything; what is there is removed")
    parser.add_argument("--verbose", action="store_true", help="print what is done when it is done")
    fixed = dict(seed=1, thalami=1, no_state=False, partitions=8, disk_mb=0, slow=0.2, concurrent=16, scale=1.0, floods=True)
    return argparse.Namespace(**{**fixed, **vars(parser.parse_args())})


async def main():
    options, checks = arguments(), Checks()
    options.binaries = os.path.abspath(options.binaries)
    house = House(options)
    try:
        await house.set_up()
        await well(house)
        for part in (day, crowd):
            if options.part in (None, part.__name__):
                await part(house, options, checks)
        checks("alive", "nobody ended by himself", house.ended_by_themselves)
    except Exception:
        traceback.print_exc()
        await house.tear_down()
        return 2
    if options.report:
        picture = [f"![Memory]({os.path.relpath(options.plot, os.path.dirname(options.report))})", ""] if options.plot else []
        table = [f"| {what} | {figure} |" for what, figure in checks.facts.items()]
        write_block(options.report, "soak", command("soak.py") + picture + ["| | found |", "|---|---|"] + table)
    for what, figure in checks.facts.items():
        print(f"  {what:48} {figure}")
    for rule, claim, found in checks.failures:
        print(f"  FAILED {rule}: {claim}: {found}")
    print(f"{checks.passed} passed, {len(checks.failures)} failed, 0 skipped", flush=True)
    await house.tear_down()
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

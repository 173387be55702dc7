#!/usr/bin/env python3
"""Kills, stops and starves a whole system while gates open, and checks what is left (docs/reliability.md).

    Tests/Chaos/run.py --binaries .build/release --seed 6 --kills 60 --seconds 90
    Tests/Chaos/run.py --binaries .build/release --scenario hole

The scenario `forget` needs fail points: a debug build, or `NIMMER_FAIL_POINTS=1 swift build -c release`.

Starts its own nats-server (JetStream on disk), PostgreSQL, thalami, bridge, hippocampus and mind on loopback, on free ports, and
leaves nothing but the folder of --out: a log of each process, and result.json. Needs psycopg and PostgreSQL's server programs.

A seed fixes the script of the storm (--show prints it); how long the machine takes for it varies, and no check depends on that.
After the storm everything must work again, come to rest, and these must hold: everything stored is in PostgreSQL once; opening ⇔
collapse ⇔ request ⇔ response; each gate's transitions are a path, in the order of time and of the stream; controls never open; a
request is asked again only when the bridge was hit; commands leave at most once, and only those that the stored decision holds;
nobody ends by himself; memory is bounded.

Scenarios (minimal reproductions): SCENARIOS

Exit status 0: all holds; 1: something does not, and is named; 2: the harness itself failed. The last line counts the checks.
"""
import argparse
import asyncio
import os
import shutil
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report  # noqa: E402
from checks import Checks, check_complete, check_persisted  # noqa: E402
from house import House  # noqa: E402
from judgement import check_alive, check_episodes, check_minds, check_paths, check_reported, recoveries  # noqa: E402
from nemeses import storm  # noqa: E402
from scenarios import SCENARIOS, well  # noqa: E402
from script import PROFILES, show, steps  # noqa: E402
from stored import Stored, settle  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


async def run_storm(house, options):
    """Calm, storm, calm; the moments at which each begins."""
    await house.set_up()
    await well(house)
    await asyncio.sleep(2)
    ready = house.age()
    house.driver.start()
    await asyncio.sleep(options.calm)
    begun = house.age()
    await storm(house, options)
    await house.wait_for_nats()
    await house.wait_for_database()
    await well(house)
    calm = house.age()
    await asyncio.sleep(options.calm * 2)
    await house.driver.stop()
    return ready, begun, calm


async def run_scenario(house, options):
    house.options.thalami = 2 if options.scenario == "fenced" else options.thalami
    if options.scenario == "rolling":
        new, house.options.binaries = options.binaries, options.old_binaries
        await house.set_up()
        house.options.binaries = new
    else:
        await house.set_up()
    await well(house)
    await SCENARIOS[options.scenario](house)
    await asyncio.sleep(7)
    return 0, 0, float("inf")


async def judge(house, options, checks, moments):
    """Every check, in the order in which a reader wants to know."""
    left = await settle(house, options.settle)
    stored = await Stored.read(house)
    check_persisted(checks, house, stored)
    check_complete(checks, house, stored)
    last = check_paths(checks, house, stored, clock_jumped=options.scenario == "clock")
    check_episodes(checks, house, stored, *moments, clock_jumped=options.scenario == "clock")
    await check_reported(checks, house, last)
    check_minds(checks, house, stored)
    await check_alive(checks, house, left)
    return recoveries(house, stored)


def arguments():
    documentation = __doc__.replace("SCENARIOS", "".join(
        f"\n  {name:12} {' '.join(scenario.__doc__.split())}" for name, scenario in SCENARIOS.items()))
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=f"{ROOT}/.build/release", help="where swift build put the programs")
    parser.add_argument("--nats", default="/usr/sbin/nats-server", help="the nats-server")
    parser.add_argument("--seed", type=int, default=1, help="which storm")
    parser.add_argument("--kills", type=int, default=60, help="end the storm after so many kills")
    parser.add_argument("--seconds", type=float, default=90, help="end the storm after so many seconds")
    parser.add_argument("--profile", default="all", choices=PROFILES,
                        help="which nemeses; long adds 60 s without PostgreSQL and 30 s without nats-server")
    parser.add_argument("--interval", type=float, default=1.2, help="mean seconds between two nemeses")
    parser.add_argument("--thalami", type=int, default=1, help="so many, which share the regions")
    parser.add_argument("--partitions", type=int, default=8, help="into so many parts")
    parser.add_argument("--disk-mb", type=int, default=0, help="JetStream's disk, a tmpfs of so many MiB that fills up (root)")
    parser.add_argument("--no-identities", action="store_true", help="nobody needs a key, and everybody may do everything")
    parser.add_argument("--no-state", action="store_true", help="without state folders: what waits is in memory only")
    parser.add_argument("--slow", type=float, default=2.0, help="the mind takes up to so many seconds")
    parser.add_argument("--concurrent", type=int, default=16, help="questions to the mind at once")
    parser.add_argument("--scale", type=float, default=1.0, help="how many regions; 1: 48")
    parser.add_argument("--calm", type=float, default=6, help="seconds of calm before the storm, and half of those after it")
    parser.add_argument("--settle", type=float, default=90, help="stuck is what has not moved for so many seconds")
    parser.add_argument("--scenario", choices=SCENARIOS, help="a minimal reproduction instead of a storm")
    parser.add_argument("--away", type=float, default=10.0, help="twice, wait: how long nats-server is away, in seconds")
    parser.add_argument("--cycles", type=int, default=5, help="twice, double-kill, fenced: how often")
    parser.add_argument("--old-binaries", help="rolling: the programs of the version before")
    parser.add_argument("--order", default="hippocampus,bridge,thalamus", help="rolling: who is replaced first")
    parser.add_argument("--faketime", default="/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", help="clock: libfaketime")
    parser.add_argument("--out", default="/tmp/nimmer-chaos", help="the folder for everything; what is there is removed")
    parser.add_argument("--json", metavar="FILE", help="write what was found there, too")
    parser.add_argument("--report", metavar="PAGE", help="put the table into the page, such as docs/reliability.md")
    parser.add_argument("--show", action="store_true", help="print the script of the storm, and run nothing")
    parser.add_argument("--verbose", action="store_true", help="print what is done when it is done")
    parser.set_defaults(floods=False)
    options = parser.parse_args()
    # The version before may know no identities.
    options.no_identities |= options.scenario == "rolling"
    return options


def missing(options):
    """What keeps this run from being made; None when nothing does."""
    needed = [f"{options.binaries}/{p}" for p in ("thalamus", "cognition-bridge", "hippocampus", "nimmer")] + [options.nats]
    if options.scenario == "rolling":
        needed.append(f"{options.old_binaries}/thalamus")
    if options.scenario == "clock":
        needed.append(options.faketime)
    return next((f"{path} is not there" for path in needed if not os.path.exists(path)), None)


async def main():
    options = arguments()
    options.binaries = os.path.abspath(options.binaries)
    names = [f"thalamus{i or ''}" for i in range(options.thalami)] + ["bridge", "hippocampus", "nats", "postgres"]
    if options.show:
        print(show(steps(options.seed, options.profile, names, options.interval, options.disk_mb > 0), options.seconds))
        return 0
    if problem := missing(options):
        print(f"run.py: {problem}", file=sys.stderr)
        return 2
    house, checks = House(options), Checks()
    try:
        moments = await (run_scenario if options.scenario else run_storm)(house, options)
        recovery = await judge(house, options, checks, moments)
    except Exception:
        traceback.print_exc()
        await house.tear_down()
        return 2
    report.write_json(house, checks, recovery, options, f"{house.folder}/result.json")
    if options.json:
        shutil.copy(f"{house.folder}/result.json", options.json)
    if options.report:
        report.write_page(house, checks, recovery, options, options.report)
    report.print_result(house, checks, recovery, options)
    await house.tear_down()
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

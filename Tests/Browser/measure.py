#!/usr/bin/env python3
"""Measures the page in a headless Chromium, and its server, and prints a table.

    Tests/Browser/measure.py [--binaries FOLDER] [--assets FOLDER] [--seconds N] [--write]

--binaries  a release build; without it one is built
--assets    files of the page that stand in for the embedded ones
--seconds   length of the trace (20)
--write     put the table into docs/performance.md, between its markers

The main thread's time of a frame is that of the browser's own tracing: the tasks of the page's main thread from one animation frame to
the next.
"""
import argparse
import asyncio
import bisect
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from alone import leave_network  # noqa: E402
from browser import Browser  # noqa: E402
from drawing import module  # noqa: E402
from flood import Flood  # noqa: E402
from server import ROOT, Server  # noqa: E402

rows = []


def row(work, wanted, found, fits):
    rows.append((work, wanted, found, "yes" if fits else "no"))
    print(f"{'ok ' if fits else 'MISS'}  {work}: {found} (wanted {wanted})", flush=True)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


async def trace(tab, end):
    """The events of the browser's tracing until something was awaited."""
    events, done = [], asyncio.Event()
    tab.events = {"Tracing.dataCollected": lambda p: events.extend(p["value"]), "Tracing.tracingComplete": lambda p: done.set()}
    await tab.call("Tracing.start", transferMode="ReportEvents", traceConfig={
        "recordMode": "recordContinuously", "includedCategories": ["toplevel", "devtools.timeline"], "excludedCategories": ["*"]})
    await end
    await tab.call("Tracing.end")
    await asyncio.wait_for(done.wait(), 60)
    return events


def frames(events, clock):
    """Milliseconds of the main thread from one animation frame of the page to the next, by `tdur` (processor time) or `dur` (the clock), and the
    seconds between the first and the last."""
    fired = [e for e in events if e.get("name") == "FireAnimationFrame"]
    busiest = max({(e["pid"], e["tid"]) for e in fired}, key=lambda t: sum((e["pid"], e["tid"]) == t for e in fired))
    starts = sorted(e["ts"] for e in fired if (e["pid"], e["tid"]) == busiest)
    tasks = [(e["ts"], e["dur"], e[clock]) for e in events if e.get("ph") == "X" and (e["pid"], e["tid"]) == busiest and e["name"].endswith("RunTask")]
    taken = [0.0] * len(starts)
    for begun, lasted, took in tasks:
        # An animation frame fires within the task that draws it.
        place = bisect.bisect_right(starts, begun + lasted) - 1
        if place >= 0:
            taken[place] += took / 1000
    return taken[:-1], (starts[-1] - starts[0]) / 1e6


async def frame_time(browser, options):
    async with Flood(options) as flood:
        tab = await browser.tab(await browser.context(), motion="no-preference")
        await flood.server.enter(tab)
        waves = await flood.waves(rate=2000, seconds=options.seconds + 60, cells=200, gates=40)
        await tab.wait("document.querySelectorAll('#flow-list button').length >= 40", 20)
        # A minute of waves fills the scope; a third of it is as much work.
        begun = await waves.sent(40_000)
        events = await trace(tab, waves.sent(begun + 2000 * options.seconds))
        rate = await tab.eval("document.querySelector('#rate').textContent")
        await waves.stop()
        await tab.close()
    for clock, named in (("tdur", "processor time"), ("dur", "by the clock")):
        taken, span = frames(events, clock)
        p95 = percentile(taken, 0.95)
        row(f"main thread of a frame, 200 cells, 40 gates, 2,000 waves/s, p95, {named}", "at most 8 ms",
            f"{p95:.1f} ms (median {statistics.median(taken):.1f}, p99 {percentile(taken, 0.99):.1f}; {len(taken) / span:.0f} frames/s; {rate})", p95 <= 8)


async def first_paint(browser, options):
    times = []
    async with Flood(options) as flood:
        context = await browser.context()
        tab = await browser.tab(context)
        await flood.server.enter(tab)
        for _ in range(9):
            await tab.call("Network.clearBrowserCache")
            await tab.go(flood.server.origin)
            times.append(await tab.wait("performance.getEntriesByName('first-contentful-paint')[0]?.startTime", 10))
        await tab.wait("document.readyState === 'complete' && document.documentElement.dataset.ready === '1'")
        sizes = await tab.eval("""(() => {
            const all = [...performance.getEntriesByType('resource').filter((e) => e.name.includes('/assets/')), performance.getEntriesByType('navigation')[0]];
            return [all.reduce((n, e) => n + e.decodedBodySize, 0), all.reduce((n, e) => n + e.encodedBodySize, 0), all.length]; })()""")
        await tab.close()
    row("first paint on loopback, without a cache, median of 9", "at most 300 ms", f"{statistics.median(times):.0f} ms (most {max(times):.0f})",
        statistics.median(times) <= 300)
    row("files of the page in all", "at most 150 kB", f"{sizes[0] / 1000:.1f} kB, packed {sizes[1] / 1000:.0f} kB ({sizes[2]} files)", sizes[0] <= 150_000)


async def memory(browser, options):
    async with Flood(options) as flood:
        context = await browser.context()
        # Each is in front while it draws first: one behind another draws nothing.
        tabs = [await browser.tab(context)]
        await flood.server.enter(tabs[0])
        for _ in range(9):
            tabs.append(await browser.tab(context))
            await tabs[-1].go(flood.server.origin)
        waves = await flood.waves(rate=5000, count=210_000)
        await waves.sent(210_000)
        await tabs[-1].wait("/^0/.test(document.querySelector('#rate').textContent)", 10)
        found = flood.server.resident
        for tab in tabs:
            await tab.close()
    row("memory of the server, ten tabs, 200,000 waves kept", "at most 96 MiB", f"{found:.0f} MiB", found <= 96)


async def what_if(browser, options):
    """The slider's question, of the second opening of the committed minute."""
    server = await Server.recording(options, at="52s")
    try:
        tab = await browser.tab(await browser.context())
        await server.enter(tab)
        identity = await tab.wait("document.querySelectorAll('#scope-list button').length") and await module(tab, "model", "m.model.openings.at(-1).id")
        times = await tab.eval(f"""(async () => {{ const out = [];
            for (let i = 0; i < 40; i++) {{
                const start = performance.now(), answer = await fetch('/what-if/{identity}?trust=' + i / 40);
                if (!answer.ok) throw new Error(await answer.text());
                await answer.json();
                out.push(performance.now() - start);
            }}
            return out; }})()""")
        await tab.close()
    finally:
        await server.stop()
    row("what an opening had been with another trust, p95 of 40", "at most 100 ms", f"{percentile(times, 0.95):.0f} ms (median {statistics.median(times):.0f})",
        percentile(times, 0.95) <= 100)


async def run(options):
    for measure in (first_paint, frame_time, what_if, memory):
        async with Browser(options.folder) as browser:
            await measure(browser, options)
            options.version = browser.version


def write(options):
    path = f"{ROOT}/docs/performance.md"
    with open(path) as file:
        text = file.read()
    lines = ["| work | wanted | measured | holds |", "| --- | --- | --- | --- |", *(f"| {' | '.join(r)} |" for r in rows)]
    table = "\n".join(lines)
    found = re.subn(r"(?<=<!-- page -->\n).*?(?=<!-- /page -->)", lambda _: f"{table}\n", text, flags=re.S)
    if found[1] != 1:
        raise SystemExit("docs/performance.md has no <!-- page --> … <!-- /page -->")
    with open(path, "w") as file:
        file.write(found[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries")
    parser.add_argument("--assets", type=os.path.abspath)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not options.binaries:
        build = ["swift", "build", "-c", "release", "--product", "nimmer-web"]
        subprocess.run(build, cwd=ROOT, check=True, stdout=sys.stderr)
        options.binaries = subprocess.run([*build, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    options.binaries = os.path.abspath(options.binaries)
    leave_network()
    with tempfile.TemporaryDirectory(prefix="nimmer-browser-") as options.folder:
        asyncio.run(run(options))
    print(f"# {options.version}, {os.cpu_count()} cores", flush=True)
    if options.write:
        write(options)
    sys.exit(0 if all(r[3] == "yes" for r in rows) else 1)


if __name__ == "__main__":
    main()

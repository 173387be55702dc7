"""Measures the system as ratios to what this machine can do, both taken in the same run, and prints a table.

usage: python3 Tests/Benchmarks/run.py [--rounds N] [--only NAME,…] [--write]

NAME: micro, trust, reader, rtt, boundary, postgres, cell, replay, scope, iris. --write puts the table into docs/performance.md.
Needs gcc, libnats-dev, nats-server and PostgreSQL; the limits are the programs of ../shared/bench, and without them the rows
that need one are left out, with a line of output. Replay needs a recording: SKAB=FOLDER, a clone of https://github.com/waico/SKAB. The Python baseline needs nats-py.
"""
import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import scope

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIMITS = os.path.join(os.path.dirname(ROOT), "shared", "bench")
# A recording of the Skoltech Anomaly Benchmark: of the clone that SKAB names, else beside the checkout.
RECORDING = (os.path.join(os.environ["SKAB"], "data", "valve1", "0.csv") if "SKAB" in os.environ
             else os.path.join(os.path.dirname(ROOT), "shared", "data", "skab", "valve1-0.csv"))
SUBJECT = "dev.nervous.cells.math.wave"
PYTHON = os.environ.get("NIMMER_PYTHON", sys.executable)
rows = []


def say(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def row(work, wanted, found, fits):
    rows.append((work, wanted, found, "yes" if fits else "no"))
    print(f"{'ok ' if fits else 'MISS'}  {work}: {found} (wanted {wanted})", flush=True)


def build(package, *arguments):
    say(f"building {' '.join(arguments)} in {package}")
    subprocess.run(["swift", "build", "-c", "release", *arguments], cwd=package, check=True, stdout=sys.stderr)
    where = subprocess.run(["swift", "build", "-c", "release", *[a for a in arguments if a.startswith("--scratch") or
                            a.startswith(".build-") or a == "--static-swift-stdlib"], "--show-bin-path"],
                           cwd=package, check=True, capture_output=True, text=True)
    return where.stdout.strip()


def compile_c(work, source):
    target = os.path.join(work, os.path.splitext(os.path.basename(source))[0])
    subprocess.run(["gcc", "-O2", "-o", target, source, "-lnats"], check=True)
    return target


class Server:
    """A private nats-server with a JetStream store, on a free port."""

    def __init__(self, work, jetstream=True):
        self.folder = tempfile.mkdtemp(dir=work)
        binary = os.environ.get("NIMMER_NATS_SERVER") or shutil.which("nats-server", path="/usr/sbin:/usr/bin") or "nats-server"
        store = f'jetstream {{ store_dir: "{self.folder}/js" }}\n' if jetstream else ""
        with open(f"{self.folder}/server.conf", "w") as file:
            file.write(f'max_pending: 1GB\nports_file_dir: "{self.folder}"\n{store}')
        self.process = subprocess.Popen([binary, "-c", f"{self.folder}/server.conf", "-a", "127.0.0.1", "-p", "-1"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            ports = [f for f in os.listdir(self.folder) if f.endswith(".ports")]
            if ports:
                with open(os.path.join(self.folder, ports[0])) as file:
                    self.url = next(u for u in json.load(file)["nats"] if "127.0.0.1" in u)
                    return
            time.sleep(0.05)
        raise SystemExit("nats-server did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def rate(reader, publisher):
    """Starts a reader, waits until it is ready, lets the publisher run, and returns the rate that the reader printed."""
    process = subprocess.Popen(reader, stdout=subprocess.PIPE, text=True)
    while "ready" not in process.stdout.readline():
        if process.poll() is not None:
            raise SystemExit(f"{reader[0]} ended early")
    subprocess.run(publisher, check=True, stdout=subprocess.DEVNULL)
    try:
        out, _ = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SystemExit(f"{reader[0]} did not see every message")
    return float(re.search(r"(\d+) messages/s", out).group(1))


def micro(binaries):
    found = {}
    for line in subprocess.run([f"{binaries}/hotpath"], check=True, capture_output=True, text=True).stdout.splitlines():
        item = json.loads(line)
        found[item["name"]] = item["waves_per_second"] / 1e6
    row("decode alone, one core", "4 M/s", f"{found['decode']:.2f} M/s", found["decode"] >= 4)
    row("gate alone, one core", "4 M/s", f"{found['gate']:.1f} M/s", found["gate"] >= 4)
    row("decode, correlate and judge, one core", "2.5 M/s", f"{found['together']:.2f} M/s", found["together"] >= 2.5)
    cost = found["regions_1"] / found["regions_10000"]
    row("a wave with 10,000 regions against 1", "at most 1.5", f"{cost:.2f}", cost <= 1.5)


def trust(binaries, work):
    """Earned trust against declared trust, both in the same run: time, memory and allocations of the hot path."""
    hotpath = f"{binaries}/hotpath"
    names = {"trust_gate": "a gate", "trust_together_64x8": "decode, correlate and judge, 64 regions × 8 origins",
             "trust_regions_10000": "the same, 10,000 regions"}
    for line in subprocess.run([hotpath, "trust"], check=True, capture_output=True, text=True).stdout.splitlines():
        item = json.loads(line)
        row(f"earned trust: {names[item['name']]}", "at most 1.05 of the time with declared trust",
            f"{item['ratio']:.3f} ({item['least']:.2f} to {item['most']:.2f})", item["ratio"] <= 1.05)
    resident = [json.loads(subprocess.run([hotpath, "resident", source], check=True, capture_output=True, text=True).stdout)["bytes"]
                for source in ("earned", "declared")]
    ratio = resident[0] / resident[1]
    row("earned trust: resident memory at 10,000 regions × 8 origins", "at most 1.3 of that with declared trust",
        f"{ratio:.2f} ({resident[0] / 2**20:.0f} MiB)", ratio <= 1.3)
    counter = os.path.join(work, "count_allocations.so")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", counter, f"{HERE}/c/count_allocations.c"], check=True)

    def allocations(source, waves):
        out = subprocess.run([hotpath, "steady", source, str(waves)], check=True, capture_output=True, text=True,
                             env={**os.environ, "LD_PRELOAD": counter})
        return int(re.search(r"allocations (\d+)", out.stderr).group(1))

    more = {source: (allocations(source, 600_000) - allocations(source, 200_000)) / 400_000 for source in ("earned", "declared")}
    row("earned trust: allocations for a wave", "as many as with declared trust, which allocates for openings",
        f"{more['earned']:.4f} and {more['declared']:.4f}", more["earned"] <= more["declared"])


def reader(binaries, work, rounds):
    limit = compile_c(work, f"{LIMITS}/limit_sub.c")
    publish = compile_c(work, f"{HERE}/c/publish.c")
    server = Server(work, jetstream=False)
    try:
        for name, regions, origins, wanted, count in (("one gate", 1, 1, 0.90, 500_000), ("64 regions × 8 origins", 64, 8, 0.85, 500_000)):
            feed = [publish, str(count), server.url, SUBJECT, str(regions), str(origins)]
            ours, theirs = [], []
            for _ in range(rounds):
                theirs.append(rate([limit, str(count), server.url, SUBJECT], feed))
                ours.append(rate([f"{binaries}/thalamus-reader", str(count), server.url, SUBJECT], feed))
            ratios = [a / b for a, b in zip(ours, theirs)]
            ratio = statistics.median(ratios)
            row(f"waves through the thalamus, {name}", f"{wanted:.2f} of limit_sub",
                f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}; {statistics.median(ours) / 1e6:.2f} M/s)", ratio >= wanted)
            if regions == 1 and subprocess.run([PYTHON, "-c", "import nats"], capture_output=True).returncode == 0:
                python = [rate([PYTHON, f"{LIMITS}/baseline_thalamus.py", "100000", server.url, SUBJECT],
                               [publish, "100000", server.url, SUBJECT, "1", "1"]) for _ in range(3)]
                times = statistics.median(ours) / statistics.median(python)
                row("waves through the thalamus, one gate, against Python", "7 times", f"{times:.1f} times", times >= 7)
    finally:
        server.stop()


def percentiles(command):
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(x) for x in re.search(r"p50 ([\d.]+) p99 ([\d.]+)", out).groups()]


def rtt(main, work, rounds):
    limit = compile_c(work, f"{LIMITS}/limit_rtt.c")
    ours = compile_c(work, f"{HERE}/c/opening_rtt.c")
    durable = compile_c(work, f"{HERE}/c/durable_rtt.c")
    server = Server(work)
    thalamus = subprocess.Popen([f"{main}/thalamus", "--nats", server.url], env={**os.environ, "NIMMERVERSE_ENV": "dev"},
                                stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        found = []
        for _ in range(rounds):
            a, b = percentiles([limit, "2000", server.url]), percentiles([ours, "500", server.url, "dev"])
            c = percentiles([durable, "500", server.url])
            found.append((b[0] / a[0], b[1] / a[1], c[0] / a[0], c[1] / a[1], (b[0] - c[0]) / a[0]))
        p50, p99, bare50, bare99, more = (statistics.median(x) for x in zip(*found))
        row("nats.c alone publishing one durable message for each that it receives, p50 and p99", "none: the floor of the next two",
            f"{bare50:.2f} and {bare99:.2f} of limit_rtt", True)
        row("second wave → durable opening seen by another process, p50", "at most 0.12 of limit_rtt above that floor",
            f"{p50:.2f}, {more:.2f} above it ({rounds} pairs)", more <= 0.12)
        row("the same, p99", "at most 2.14 of limit_rtt, as before", f"{p99:.2f}", p99 <= 2.14)
    finally:
        thalamus.terminate()
        thalamus.wait()
        server.stop()


def boundary(main, work):
    """A request until its response is seen by another process, bus, both streams and the record included; no mind."""
    ours = compile_c(work, f"{HERE}/c/boundary_rtt.c")
    server = Server(work)
    bridge = subprocess.Popen([f"{main}/cognition-bridge", "--nats", server.url], env={**os.environ, "NIMMERVERSE_ENV": "dev"},
                              stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        p50, p99 = (statistics.median(x) for x in zip(*(percentiles([ours, "500", server.url, "dev"]) for _ in range(5))))
        row("a request answered by the deterministic boundary, bus included, p50 and p99", "5 ms beyond the bus",
            f"{p50 / 1000:.2f} and {p99 / 1000:.2f} ms", p99 <= 5000)
    finally:
        bridge.terminate()
        bridge.wait()
        server.stop()


def postgres(binaries):
    out = subprocess.run([f"{binaries}/memory-copy", f"{LIMITS}/limit_copy.sql"], capture_output=True, text=True)
    sys.stderr.write(out.stderr)
    found = {}
    for line in out.stdout.splitlines():
        if line.startswith("{"):
            item = json.loads(line)
            found[item["name"]] = item["ratio"]
    names = [n for n in found if n != "limit_copy"]
    if not names:
        return say(f"no figure for PostgreSQL: {out.stdout[-300:]}")
    for name in names:
        ratio = found[name]
        row(f"transitions into PostgreSQL, each exactly once ({name.replace('_', ' ')})", "0.3 of limit_copy", f"{ratio:.2f}", ratio >= 0.3)


def searches(binaries):
    """Searches by meaning among 20,000 embeddings of 384 components, against reading the same bytes once in the same run."""
    out = subprocess.run([f"{binaries}/meaning-search"], capture_output=True, text=True)
    sys.stderr.write(out.stderr)
    found = {item["name"]: item for item in map(json.loads, filter(lambda line: line.startswith("{"), out.stdout.splitlines()))}
    for name, work, most in (("in_process", "in the process", 5), ("postgres_in_process", "through PostgreSQL without pgvector", 20),
                             ("postgres_pgvector", "through PostgreSQL with pgvector", 20)):
        if name not in found:
            say(f"no figure for 20,000 meanings {work}")
            continue
        took, ratio = found[name]["milliseconds"], found[name]["ratio"]
        row(f"the nearest 10 of 20,000 meanings (384 components), {work}", f"{most} ms", f"{took:.1f} ms, {ratio:.1f} of reading them once",
            took <= most)


def resident(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


def cell(work):
    static = build(ROOT, "--static-swift-stdlib", "--scratch-path", ".build-static", "--product", "math-cell")
    build(ROOT, "--static-swift-stdlib", "--scratch-path", ".build-static", "--product", "vitals-cell")
    stripped = os.path.join(work, "math-cell")
    subprocess.run(["strip", "-o", stripped, f"{static}/math-cell"], check=True)
    size = os.path.getsize(stripped) / 1e6
    row("a cell: stripped static binary", "16 MB", f"{size:.1f} MB", size <= 16)
    vitals = os.path.join(work, "vitals-cell")
    subprocess.run(["strip", "-o", vitals, f"{static}/vitals-cell"], check=True)
    server = Server(work)
    try:
        process = subprocess.Popen([stripped, "--nats", server.url], stderr=subprocess.DEVNULL)
        time.sleep(3)
        memory = resident(process.pid)
        process.terminate()
        process.wait()
        row("a cell: resident memory, idle", "16 MiB", f"{memory:.1f} MiB", memory <= 16)
        took = statistics.median(first_wave(vitals, server.url) for _ in range(7)) * 1000
        row("a cell: start to first wave", "100 ms", f"{took:.0f} ms", took <= 100)
    finally:
        server.stop()


def first_wave(binary, url):
    """Seconds from the start of a vitals cell until another client has its first wave; needs nats-py."""
    script = f"""
import asyncio, subprocess, time, nats
async def main():
    connection = await nats.connect({url!r})
    seen = asyncio.get_running_loop().create_future()
    async def hear(message):
        if not seen.done(): seen.set_result(time.monotonic())
    await connection.subscribe("dev.nervous.cells.vitals.wave", cb=hear)
    await connection.flush()
    start = time.monotonic()
    process = subprocess.Popen([{binary!r}, "--nats", {url!r}], stderr=subprocess.DEVNULL)
    print(await asyncio.wait_for(seen, 10) - start)
    process.terminate(); process.wait()
    await connection.close()
asyncio.run(main())
"""
    out = subprocess.run([PYTHON, "-c", script], check=True, capture_output=True, text=True)
    return float(out.stdout)


def replay(main):
    if not os.path.exists(RECORDING):
        say(f"replay is left out: there is no {RECORDING}; set SKAB to a clone of https://github.com/waico/SKAB")
        return
    took = []
    for _ in range(7):
        start = time.monotonic()
        subprocess.run([f"{main}/nimmer", "replay", "--system", f"{ROOT}/deploy/systems/pump.yaml", "--input",
                        RECORDING, "--json"], check=True, stdout=subprocess.DEVNULL)
        took.append(time.monotonic() - start)
    median = statistics.median(took)
    row("replay of a pump recording (1,147 s, 8 sensors)", "0.5 s", f"{median:.2f} s", median <= 0.5)


def oscilloscope(main, work):
    server = Server(work, jetstream=False)
    try:
        scope.scope(f"{main}/nimmer", server, row)
    finally:
        server.stop()


def meanings(binaries):
    """The table of meanings: each figure as a ratio to its limit; the best of three processes, since each loads once."""
    found = [json.loads(subprocess.run([f"{binaries}/meaning-table", f"{ROOT}/deploy/iris/minilm.table"], check=True,
                                       capture_output=True, text=True).stdout) for _ in range(3)]
    for key, work, limit, unit in (("load_ms", "table and links loaded", 100, "ms"),
                                   ("resident_mb", "resident memory of both", 12, "MB"),
                                   ("name_p50_us", "a name, p50", 20, "µs"), ("name_p99_us", "a name, p99", 20, "µs"),
                                   ("hostile_us", "256 bytes of a hostile name", 100, "µs"),
                                   ("relation_us", "the relation of two prepared names", 20, "µs")):
        best = min(item[key] for item in found)
        row(f"meanings: {work}", f"at most 1 of {limit} {unit}", f"{best / limit:.2f} ({best:.1f} {unit})", best <= limit)


def write():
    path = os.path.join(ROOT, "docs", "performance.md")
    with open(path) as file:
        text = file.read()
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read()).group(1)
    table = f"Measured on {os.cpu_count()} cores ({model}), {platform.system()} {platform.release().split('-')[0]}, on " \
            f"{time.strftime('%Y-%m-%d')}.\n\n| work | wanted | found | holds |\n|---|---|---|---|\n"
    known = {r[0]: r for r in (tuple(c.strip() for c in line.strip("|\n").split("|")) for line in text.splitlines()
                               if line.startswith("| ") and line.count("|") == 5) if r[0] != "work"}
    for r in rows:
        known[r[0]] = r
    table += "".join("| " + " | ".join(r) + " |\n" for r in known.values())
    text = re.sub(r"<!-- table -->.*<!-- /table -->", lambda _: f"<!-- table -->\n{table}<!-- /table -->", text, flags=re.S)
    with open(path, "w") as file:
        file.write(text)
    say(f"wrote {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--only", default="micro,trust,reader,rtt,boundary,postgres,cell,replay,scope,iris")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    only = options.only.split(",")
    has_limits = os.path.isdir(LIMITS)
    if not has_limits:
        say(f"no {LIMITS}: the rows that need a limit are left out")
    work = tempfile.mkdtemp(prefix="nimmer-bench-")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        if {"micro", "trust", "reader", "postgres", "iris"} & set(only):
            binaries = build(HERE)
        if "boundary" in only:
            boundary(build(ROOT, "--product", "cognition-bridge"), work)
        if {"rtt", "replay", "scope"} & set(only):
            main_binaries = build(ROOT, "--product", "thalamus")
            build(ROOT, "--product", "nimmer")
        if "micro" in only:
            micro(binaries)
        if "trust" in only:
            trust(binaries, work)
        if "reader" in only and has_limits:
            reader(binaries, work, options.rounds)
        if "rtt" in only and has_limits:
            rtt(main_binaries, work, options.rounds)
        if "postgres" in only:
            postgres(binaries)
        if "iris" in only:
            searches(binaries)
        if "cell" in only:
            cell(work)
        if "replay" in only:
            replay(main_binaries)
        if "scope" in only:
            oscilloscope(main_binaries, work)
        if "iris" in only:
            meanings(binaries)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.write:
        write()
    sys.exit(0 if all(r[3] == "yes" for r in rows) else 1)


if __name__ == "__main__":
    main()

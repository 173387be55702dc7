#!/usr/bin/env python3
"""Builds every image, brings deploy/compose up, and checks that it does what docs/deployment.md says; leaves nothing.

    Tests/Containers/check.py [--binaries FOLDER] [--release] [--private] [--write-docs] [--keep]

--release     build the programs as they are shipped (optimised, static); else the binaries of `swift build` are packed
--shipped     the binaries of --binaries are such: check and measure them as such
--private     an engine of our own even where one answers
--write-docs  write what was measured into docs/deployment.md (with --release)
--keep        leave everything up, for looking at it

The last line counts: "N passed, N failed, N skipped". Without an engine everything is skipped, and said so.
"""
import argparse
import concurrent.futures
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from engine import Engine, Skipped, run, workfolder  # noqa: E402
from system import DEPLOY, ROOT, System, eventually  # noqa: E402
import dashboard  # noqa: E402
import images  # noqa: E402
import leaks  # noqa: E402
import page  # noqa: E402
import pods  # noqa: E402
import report  # noqa: E402

# The parts of deploy/compose, and the programs that it does not start; both by service.
PARTS = {
    "thalamus": "thalamus", "cognition-bridge": "cognition-bridge", "hippocampus": "hippocampus",
    "vitals": "vitals-cell", "math": "math-cell", "collision-avoidance": "collision-avoidance-nerve",
    "web": "nimmer-web",
}
OTHERS = {
    "sensor": "sensor-cell", "multivariate": "multivariate-cell", "battery": "battery-cell", "distance": "distance-cell", "motor": "motor-cell",
    "http": "http-cell", "webhook": "webhook-cell",
    "language": "organ",
}
# What each part must show of itself.
COMMON = ["nimmer_build_info", "nimmer_ready", "nimmer_bus_connected", "process_resident_memory_bytes"]
METRICS = {
    "thalamus": ["nimmer_waves_in_total", "nimmer_waves_lost_total", "nimmer_rejected_total", "nimmer_gate_potential",
                 "nimmer_gate_state", "nimmer_openings_total", "nimmer_collapses_total", "nimmer_escalations_total",
                 "nimmer_outbox_waiting", "nimmer_outbox_journal_messages"],
    "cognition-bridge": ["nimmer_questions_total", "nimmer_answers_total"],
    "hippocampus": ["nimmer_stream_lag", "nimmer_batch_rows_bucket", "nimmer_commit_seconds_bucket",
                    "nimmer_rows_stored_total", "nimmer_database_connected"],
    "vitals": ["nimmer_waves_out_total", "nimmer_gate_potential", "nimmer_outbox_waiting", "nimmer_outbox_journal_messages"],
    "math": ["nimmer_requests_total"],
    "collision-avoidance": ["nimmer_waves_in_total"],
    "web": ["nimmer_web_tabs", "nimmer_web_requests_total", "nimmer_web_refused_total", "nimmer_web_lost_total"],
}
# And where there is a mind.
MINDS = ["nimmer_mind_calls_total", "nimmer_mind_failures_total", "nimmer_mind_refusals_total",
         "nimmer_mind_tokens_total", "nimmer_mind_budget_spent", "nimmer_mind_budget_limit"]


class Checks:
    """Counts what held and what did not."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, holds, what, found=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}{': ' + str(found)[:2000] if found != '' else ''}", flush=True)
        return holds


def say(text):
    print(f"== {time.strftime('%H:%M:%S')} {text}", flush=True)


def agree(system, python, confidences=("0.6", "0.5")):
    """Two waves of two origins, each from a program in another language with an identity of its own."""
    def send(cell, confidence):
        arguments = [python, f"{ROOT}/Tests/IntegrationTests/Fixtures/foreign_cell.py", system.nats, system.env,
                     f"{cell}={confidence}", "--key", f"{system.secrets}/keys/{cell}.nk"]
        if system.env != "dev":
            arguments += ["--ca", system.authority, "--tls-name", "nats"]
        return run(*arguments)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(send, ("door", "window"), confidences))


COUNTS = """select (select count(*) from gate_transitions where region = 'house' and to_state = 1) || ' '
    || (select count(*) from collapses where region = 'house') || ' '
    || (select count(*) from cognitive_requests join collapses using (collapse_id) where region = 'house') || ' '
    || (select count(*) from cognitive_responses join cognitive_requests using (request_id)
        join collapses using (collapse_id) where region = 'house')"""


def decide(checks, system, python, number):
    """Two waves of two origins → one collapse → one decision → rows; the totals must be exactly `number` each."""
    agree(system, python)
    wanted = " ".join([str(number)] * 4)
    found = ""
    def arrived():
        nonlocal found
        found = system.query(COUNTS)
        return found == wanted
    eventually(arrived)
    return checks(found == wanted, f"opening, collapse, request, response in PostgreSQL: {wanted}", found)


def gates_rest(system):
    """Until the gate of the house is stable again, so that the next agreement is a new opening."""
    def rests():
        text = system.get("thalamus", "/metrics")[1]
        found = re.search(r'nimmer_gate_state\{[^}]*region="house"\} (-?\d)', text)
        return not found or found.group(1) == "0"
    return eventually(rests)


def check_hardening(checks, engine, system, parts):
    for service in parts:
        container = engine.inspect(system.container(service))
        host = container["HostConfig"]
        checks(host["ReadonlyRootfs"], f"{service}: the root cannot be written to")
        checks(host["CapDrop"] == ["ALL"] and not host["CapAdd"], f"{service}: no capabilities")
        checks(host["Memory"] > 0 and host["NanoCpus"] > 0 and host["PidsLimit"] > 0, f"{service}: limited")
        checks("no-new-privileges:true" in (host["SecurityOpt"] or []), f"{service}: no new privileges")
        status = open(f"/proc/{container['State']['Pid']}/status").read()
        checks(re.search(r"CapEff:\s0+$", status, re.M), f"{service}: no capability in effect")
        checks(re.search(r"Uid:\s65532", status), f"{service}: runs as 65532")


def check_metrics(checks, system, parts, more=None):
    promtool = shutil.which("promtool")
    for service in parts:
        status, text = system.get(service, "/metrics")
        checks(status == 200, f"{service}: /metrics", (status, text))
        for name in COMMON + METRICS.get(service, []) + (more or {}).get(service, []):
            checks(re.search(rf"^{name}\b", text, re.M), f"{service} tells {name}", "")
        checks(system.get(service, "/healthz") == (200, "alive\n"), f"{service} is alive")
        checks(system.get(service, "/readyz") == (200, "ready\n"), f"{service} is ready", system.get(service, "/readyz"))
        if promtool:
            answer = run(promtool, "check", "metrics", check=False, input=text)
            checks(answer.returncode == 0, f"{service}: promtool finds nothing to say", answer.stdout)


def check_kills(checks, engine, system):
    """Each part and each server dies as in a crash; its container starts again and everything is ready again."""
    for service in [*PARTS, "nats", "postgres"]:
        before = engine.inspect(system.container(service))["State"]
        if os.geteuid() == 0:
            os.kill(before["Pid"], 9)
        else:
            engine("kill", system.container(service))
            engine("start", system.container(service))
        def again():
            state = engine.inspect(system.container(service))["State"]
            return state["Running"] and state["Pid"] != before["Pid"]
        checks(eventually(again), f"{service} starts again after SIGKILL")
        unready = {}
        def all_ready():
            nonlocal unready
            unready = {part: said for part in PARTS if (said := system.get(part, "/readyz"))[0] != 200}
            return not unready
        checks(eventually(all_ready), f"all is ready again after {service} was killed", unready)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=f"{ROOT}/.build/debug")
    for flag in ("--release", "--shipped", "--private", "--write-docs", "--keep"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    options.binaries = os.path.abspath(options.binaries)
    options.shipped = options.shipped or options.release
    # Whoever ends the check early still finds nothing left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    checks = Checks()
    folder = workfolder()
    engine = None
    try:
        engine = Engine(folder, options.private)
        check(checks, engine, folder, options)
    except Skipped as reason:
        print(f"SKIPPED: containers are not checked: {reason}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    finally:
        if engine and not options.keep:
            engine.stop()
            shutil.rmtree(folder, ignore_errors=True)
    checks(options.keep or not os.path.exists(folder), "nothing is left behind", folder)
    print(f"{checks.passed} passed, {checks.failed} failed, 0 skipped")
    return 1 if checks.failed else 0


def check(checks, engine, folder, options):
    python = os.environ.get("NIMMER_PYTHON") or sys.executable
    if run(python, "-c", "import nats, nkeys", check=False).returncode != 0:
        raise Skipped(f"{python} has no nats-py and nkeys; install them with: pip install nats-py nkeys")
    if options.release:
        options.binaries = f"{ROOT}/.build/release"
    nimmer = f"{options.binaries}/nimmer"
    if not os.path.exists(nimmer) and not options.release:
        raise Skipped(f"there are no programs in {options.binaries}; build them with: swift build")
    everything = {**PARTS, **OTHERS}
    programs = [*everything.values(), "nimmer"]
    say("stand-ins and images")
    images.standins(engine, folder, say)
    if options.release:
        for program in programs:
            run("swift", "build", "-c", "release", "--static-swift-stdlib", "--product", program, cwd=ROOT,
                timeout=1800)
    start = time.monotonic()
    environment = dict(engine.environment, PATH=f"{os.path.dirname(engine.docker)}:{os.environ['PATH']}")
    run(nimmer, "image", "build", "--engine", "docker", "--tag", "check", "--binaries", options.binaries, *programs,
        env=environment, cwd=ROOT)
    say(f"{len(programs)} images in {time.monotonic() - start:.0f} s")
    sizes = images.check(checks, engine, programs, options.shipped)
    fills = {program: open(f"{ROOT}/.build/rootfs/{program}.txt").read() for program in programs}
    images.check_layers(checks, engine, options.binaries)
    images.check_third_party(checks, engine, nimmer, options.binaries, folder, environment)
    page.check_alone(checks, engine)
    say("podman")
    images.check_podman(checks, nimmer, options.binaries, folder)

    check_development(checks, engine, folder, python, nimmer)
    with up(checks, engine, folder, "staging", nimmer, every=True) as system:
        decide(checks, system, python, 1)
        check_hardening(checks, engine, system, OTHERS)
        check_metrics(checks, system, everything, {"cognition-bridge": MINDS})
        leaks.check(checks, engine, system, python, [f"nimmerverse/{p}:check" for p in OTHERS.values()], everything)
        if options.shipped:
            say("start to ready, and resident memory")
            rows = list(report.rows(sizes, report.measure(engine, system, everything), fills))
            report.print_table(rows)
            if options.write_docs:
                report.write(f"{ROOT}/docs/deployment.md", rows)
    with up(checks, engine, folder, "prod", nimmer) as system:
        decide(checks, system, python, 1)
    say("the pods of Kubernetes, as containers")
    pods.check(checks, engine, folder, nimmer)
    if not options.keep:
        for program in [*programs, "again"]:
            engine("rmi", f"nimmerverse/{program}:check", check=False)


def check_development(checks, engine, folder, python, nimmer):
    """compose.yaml as it stands, with Prometheus: all that docs/deployment.md says of it."""
    with up(checks, engine, folder, "dev", nimmer, profile="monitoring") as system:
        check_hardening(checks, engine, system, PARTS)
        say("two waves of two origins")
        decide(checks, system, python, 1)
        check_metrics(checks, system, PARTS)
        say("the page for browsers")
        page.check(checks, engine, system)
        page.check_proxy(checks, system)
        say("the dashboard's queries")
        dashboard.check(checks, system)
        say("kills")
        check_kills(checks, engine, system)
        checks(gates_rest(system), "the gate of the house comes to rest")
        decide(checks, system, python, 2)
        say("secrets")
        leaks.check(
            checks, engine, system, python, [f"nimmerverse/{p}:check" for p in [*PARTS.values(), "nimmer"]], PARTS)
        say("down")
        system.compose("stop", "-t", "15", check=False)
        for service in PARTS:
            state = engine.inspect(system.container(service))["State"]
            checks(state["ExitCode"] == 0, f"{service} ended when asked to", state)


@contextlib.contextmanager
def up(checks, engine, folder, env, nimmer, every=False, profile=None):
    """The system of an environment, healthy; afterwards nothing of it is left. `every` adds the programs of OTHERS."""
    home = f"{folder}/{env}"
    os.makedirs(home)
    overlays = [f"{DEPLOY}/{env}.yaml"] if env != "dev" else []
    variables = others(home) if every else {}
    if env == "prod":
        digests, byTag = by_tag(home)
        refusing = System(engine, home, env, overlays)
        answer = refusing.compose("config", check=False)
        checks(answer.returncode != 0 and "digest" in answer.stdout, "prod is not started by tag", answer.stdout)
        overlays.append(byTag)
        variables |= digests
    if every:
        overlays.append(f"{ROOT}/Tests/Containers/every.yaml")
    system = System(engine, home, env, overlays, variables)
    system.prepare(nimmer)
    say(f"compose up, {env}")
    start, failed = time.monotonic(), checks.failed
    parts = [*PARTS, *(OTHERS if every else []), *(["prometheus"] if profile else [])]
    try:
        system.compose(*(["--profile", profile] if profile else []), "up", "-d", "--wait", *parts, timeout=400)
        say(f"healthy after {time.monotonic() - start:.0f} s")
        if env != "dev":
            with socket.create_connection((system.address("nats"), 4222), timeout=60) as connection:
                greeting = connection.recv(4096).decode()
            checks('"tls_required":true' in greeting, f"the nats-server of {env} insists on TLS", greeting)
        yield system
        if checks.failed > failed:
            print(system.compose("logs", "--tail", "40").stdout[-12000:], flush=True)
    except RuntimeError:
        print(system.compose("logs", "--tail", "60", check=False).stdout[-20000:], flush=True)
        raise
    finally:
        if "--keep" not in sys.argv:
            take_down(checks, engine, system)


def by_tag(home):
    """Variables for prod's digests, and an overlay with compose.yaml's tags in their place: images that were only built have no
    digest by which an engine would find them."""
    digests, tags, service = {}, [], None
    with open(f"{DEPLOY}/prod.yaml") as file:
        for name in re.findall(r"@\$\{(\w+):\?", file.read()):
            digests[name] = "sha256:" + "0" * 64
    with open(f"{DEPLOY}/compose.yaml") as file:
        for line in file:
            if found := re.match(r"  ([\w-]+):$", line):
                service = found.group(1)
            elif found := re.match(r"    image: (.+)$", line):
                tags.append(f'  {service}: {{image: "{found.group(1)}"}}')
    with open(f"{home}/tags.yaml", "w") as file:
        file.write("\n".join(["services:", *tags, ""]))
    return digests, f"{home}/tags.yaml"


def others(home):
    """The system file of compose with an entry for each program of OTHERS, and a battery."""
    with open(f"{DEPLOY}/system.yaml") as file:
        text = file.read()
    cells = """
  - {name: sensor, kind: sensor/v1, settings: {subject: house.humidity}}
  - {name: multivariate, kind: multivariate/v1, settings: {subjects: [house.humidity, house.warmth]}}
  - {name: battery, kind: battery/v1, origins: ["battery-*"], settings: {path: /batteries}}
  - {name: distance, kind: distance/v1, settings: {subject: robot.range.front}}
  - {name: motor, kind: motor/v1, settings: {publish: {stop: robot.wheels}}}
  - {name: http, kind: http/v1, settings: {url: "http://127.0.0.1:9/"}}
  - {name: webhook, kind: webhook/v1, settings: {post: {notify: "http://127.0.0.1:9/"}}}
"""
    # Nobody listens there: the bridge asks, counts the failure, and answers by rule.
    mind = """
  minds: [{name: away, kind: openai, url: 'http://127.0.0.1:9', model: any, budget: {tokens_per_day: 1000}}]"""
    organs = "\norgans:\n  - {name: language, kind: openai, model: any, url: 'http://127.0.0.1:9'}\n"
    with open(f"{home}/system.yaml", "w") as file:
        text = text.replace("\nnerves:", cells + "\nnerves:", 1).replace("\nbridge:", "\nbridge:" + mind, 1)
        file.write(text + organs)
    battery = f"{home}/batteries/BAT0"
    os.makedirs(battery)
    for name, value in (("type", "Battery"), ("status", "Discharging"), ("capacity", "80")):
        with open(f"{battery}/{name}", "w") as file:
            file.write(value + "\n")
    return {"NIMMERVERSE_SYSTEM_FILE": f"{home}/system.yaml", "NIMMER_CHECK_BATTERIES": f"{home}/batteries"}


def take_down(checks, engine, system):
    """Takes a project down, after which nothing of it is left.

    The engine may hold a network for a moment after its last container is gone ("has active endpoints"), and compose then leaves it
    with a warning (moby/moby#42119): such a network, and nothing else, is taken down again, and the engine's answer is printed.
    """
    label = f"label=com.docker.compose.project={system.environment['COMPOSE_PROJECT_NAME']}"

    def left(*kind):
        return engine(*kind, "-q", "--filter", label).stdout.strip()
    for attempt in range(5):
        answer = system.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "15", check=False)
        if not left("network", "ls") or left("ps", "-a"):
            break
        say(f"a network is still held: {answer.stdout[-1000:]}")
        time.sleep(1 + attempt)
    for kind in (("ps", "-a"), ("volume", "ls"), ("network", "ls")):
        found = left(*kind)
        checks(found == "", f"{kind[0]}: nothing is left", f"{found}; compose answered: {answer.stdout[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())

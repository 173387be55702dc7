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
import io
import json
import os
import re
import shutil
import socket
import sys
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from engine import Engine, Skipped, run, workfolder  # noqa: E402
import leaks  # noqa: E402
import report  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARTS = {
    "thalamus": "thalamus", "cognition-bridge": "cognition-bridge", "hippocampus": "hippocampus",
    "vitals": "vitals-cell", "math": "math-cell", "collision-avoidance": "collision-avoidance-nerve",
}
# What each part must show of itself.
COMMON = ["nimmer_build_info", "nimmer_ready", "nimmer_bus_connected", "process_resident_memory_bytes"]
METRICS = {
    "thalamus": ["nimmer_waves_in_total", "nimmer_waves_lost_total", "nimmer_rejected_total", "nimmer_gate_potential",
                 "nimmer_gate_state", "nimmer_openings_total", "nimmer_collapses_total", "nimmer_escalations_total",
                 "nimmer_outbox_waiting"],
    "cognition-bridge": ["nimmer_questions_total", "nimmer_answers_total"],
    "hippocampus": ["nimmer_stream_lag", "nimmer_batch_rows_bucket", "nimmer_commit_seconds_bucket",
                    "nimmer_rows_stored_total", "nimmer_database_connected"],
    "vitals": ["nimmer_waves_out_total", "nimmer_gate_potential", "nimmer_outbox_waiting"],
    "math": ["nimmer_requests_total"],
    "collision-avoidance": ["nimmer_waves_in_total"],
}


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


class System:
    """One compose project."""

    def __init__(self, engine, folder, env, overlay=None):
        self.engine, self.folder, self.env = engine, folder, env
        self.secrets = f"{folder}/secrets"
        self.environment = dict(
            engine.environment, NIMMERVERSE_ENV=env, NIMMERVERSE_SECRETS=self.secrets, NIMMERVERSE_TAG="check",
            COMPOSE_PROJECT_NAME=f"nimmer-check-{env}")
        files = ["compose.yaml"] + ([overlay] if overlay else [])
        self.files = [word for name in files for word in ("-f", f"{ROOT}/deploy/compose/{name}")]

    def compose(self, *arguments, **options):
        return run(*self.engine.compose, *self.files, *arguments, env=self.environment, **options)

    def container(self, service):
        return self.compose("ps", "-a", "-q", service).stdout.strip().split("\n")[-1]

    def address(self, service, network="bus"):
        networks = self.engine.inspect(self.container(service))["NetworkSettings"]["Networks"]
        return next(n["IPAddress"] for name, n in networks.items() if name.endswith("_" + network))

    def get(self, service, path, port=9464, timeout=5):
        """The status and the text of a page; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address(service)}:{port}{path}", timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, StopIteration) as error:
            return 0, str(error)

    def query(self, sql):
        return self.compose(
            "exec", "-T", "postgres", "psql", "-XAtq", "-U", "owner", "-d", f"nimmerverse_{self.env}", "-c",
            sql).stdout.strip()


def eventually(condition, limit=60, pause=0.1):
    deadline = time.monotonic() + limit
    while True:
        found = condition()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(pause)


def standins(engine, folder):
    """The images of others: pulled where they can be, else made from this machine's programs."""
    compose = open(f"{ROOT}/deploy/compose/compose.yaml").read()
    made = []
    for kind in ("nats", "postgres", "prometheus"):
        name = re.search(rf"{kind.upper()}_IMAGE:-([^}}]+)}}", compose).group(1)
        if engine("image", "inspect", name, check=False).returncode == 0:
            continue
        if engine("pull", "-q", name, check=False, timeout=300).returncode != 0:
            answer = run("bash", f"{ROOT}/Tests/Containers/standins.sh", engine.docker, kind, name, folder,
                         env=engine.environment, check=False)
            if answer.returncode != 0:
                raise Skipped(f"{name} can neither be pulled nor made here: {answer.stdout.strip()}")
            made.append(kind)
    if made:
        say(f"the official images cannot be pulled here; stand-ins: {', '.join(made)}")


def agree(system, python, confidences=("0.6", "0.5")):
    """Two waves of two origins, each from a program in another language with an identity of its own."""
    url = f"{'nats' if system.env == 'dev' else 'tls'}://{system.address('nats')}:4222"
    def send(cell, confidence):
        arguments = [python, f"{ROOT}/Tests/IntegrationTests/Fixtures/foreign_cell.py", url, system.env,
                     f"{cell}={confidence}", "--key", f"{system.secrets}/keys/{cell}.nk"]
        if system.env != "dev":
            arguments += ["--ca", f"{system.secrets}/tls/ca.pem", "--tls-name", "nats"]
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
    eventually(arrived, limit=30)
    return checks(found == wanted, f"opening, collapse, request, response in PostgreSQL: {wanted}", found)


def gates_rest(system):
    """Until the gate of the house is stable again, so that the next agreement is a new opening."""
    def rests():
        text = system.get("thalamus", "/metrics")[1]
        found = re.search(r'nimmer_gate_state\{[^}]*region="house"\} (-?\d)', text)
        return not found or found.group(1) == "0"
    return eventually(rests, limit=30)


def check_images(checks, engine, programs, isRelease):
    sizes = {}
    for program in programs:
        image = engine.inspect(f"nimmerverse/{program}:check", "image")
        sizes[program] = image["Size"]
        config = image["Config"]
        checks(config["User"] == "65532:65532", f"{program} runs as nobody", config["User"])
        labels = config["Labels"] or {}
        for label in ("title", "description", "version", "revision", "created", "licenses", "vendor"):
            checks(labels.get(f"org.opencontainers.image.{label}"), f"{program} has the label {label}", labels)
        listing = engine("create", "--entrypoint", "/none", f"nimmerverse/{program}:check").stdout.strip()
        files = tarfile.open(fileobj=io.BytesIO(engine("export", listing, text=False).stdout)).getnames()
        engine("rm", listing)
        checks(f"usr/bin/{program}" in files, f"{program} is in its image")
        tools = [name for name in files if name.split("/")[-1] in ("sh", "bash", "busybox", "apt", "dpkg", "python3")]
        checks(not tools, f"{program} has no shell and no package manager", tools)
        if isRelease and program.endswith(("-cell", "-nerve")):
            checks(image["Size"] <= 40_000_000, f"the image of {program} is at most 40 MB", image["Size"])
    return sizes


def check_third_party(checks, engine, nimmer, binaries, folder, environment):
    """The package of a new cell gets an image by the same command; its program is stood in for, to save its build."""
    run(nimmer, "cell", "new", "door", "--folder", f"{folder}/door", "--nimmerverse", ROOT)
    os.makedirs(f"{folder}/built")
    shutil.copy(f"{binaries}/math-cell", f"{folder}/built/door-cell")
    run(nimmer, "image", "build", "--engine", "docker", "--prefix", "somebody", "--tag", "check", "--binaries",
        f"{folder}/built", env=environment, cwd=f"{folder}/door")
    answer = engine("run", "--rm", "--network", "none", "somebody/door-cell:check", "--version", check=False)
    checks(answer.stdout.startswith("math "), "the image of a new cell runs", answer.stdout)
    engine("rmi", "somebody/door-cell:check", check=False)


def check_layers(checks, engine, binaries, programs, folder):
    """The same programs give the same layers, laid out again and built again from nothing."""
    def layers():
        run("sh", f"{ROOT}/deploy/containers/rootfs.sh", binaries, f"{ROOT}/.build/rootfs", *programs,
            env=dict(engine.environment, SOURCE_DATE_EPOCH="1700000000"))
        engine("build", "--no-cache", "-q", "-f", f"{ROOT}/deploy/containers/Containerfile", "--target", "math-cell",
               "--build-arg", "BINARIES=host", "-t", "nimmerverse/again:check", ROOT)
        return engine.inspect("nimmerverse/again:check", "image")["RootFS"]["Layers"]
    engine.environment["DOCKER_BUILDKIT"] = "1"
    first = layers()
    time.sleep(1.1)
    second = layers()
    checks(first == second, "an image that is built again has the same layers", (first, second))


def check_hardening(checks, engine, system):
    for service in PARTS:
        container = engine.inspect(system.container(service))
        host = container["HostConfig"]
        checks(host["ReadonlyRootfs"], f"{service}: the root cannot be written to")
        checks(host["CapDrop"] == ["ALL"] and not host["CapAdd"], f"{service}: no capabilities")
        checks(host["Memory"] > 0 and host["NanoCpus"] > 0 and host["PidsLimit"] > 0, f"{service}: limited")
        checks("no-new-privileges:true" in (host["SecurityOpt"] or []), f"{service}: no new privileges")
        status = open(f"/proc/{container['State']['Pid']}/status").read()
        checks(re.search(r"CapEff:\s0+$", status, re.M), f"{service}: no capability in effect")
        checks(re.search(r"Uid:\s65532", status), f"{service}: runs as 65532")


def check_metrics(checks, system, promtool):
    for service in PARTS:
        status, text = system.get(service, "/metrics")
        checks(status == 200, f"{service}: /metrics", (status, text))
        for name in COMMON + METRICS[service]:
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
        checks(eventually(again, 30), f"{service} starts again after SIGKILL")
        unready = {}
        def all_ready():
            nonlocal unready
            unready = {part: said for part in PARTS if (said := system.get(part, "/readyz"))[0] != 200}
            return not unready
        checks(eventually(all_ready, 60), f"all is ready again after {service} was killed", unready)


def check_dashboard(checks, system):
    """Every query of the dashboard finds something in a real Prometheus."""
    dashboard = json.load(open(f"{ROOT}/deploy/compose/grafana/dashboards/nimmerverse.json"))
    panels = [panel for panel in dashboard["panels"] for panel in [panel, *panel.get("panels", [])]]
    queries = [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]
    checks(len(queries) > 10, "the dashboard asks something", len(queries))
    base = f"http://{system.address('prometheus')}:9090"
    def ask(expression):
        for name, value in (("$__rate_interval", "20s"), ("$__range", "5m"), ("$part", ".*"), ("$region", ".*")):
            expression = expression.replace(name, value)
        with urllib.request.urlopen(
                f"{base}/api/v1/query?" + urllib.parse.urlencode({"query": expression}), timeout=10) as answer:
            return json.load(answer)["data"]["result"]
    for title, expression in queries:
        try:
            found = eventually(lambda: ask(expression), limit=25, pause=1)
            checks(found, f"the panel '{title}' finds something", expression)
        except urllib.error.HTTPError as error:
            checks(False, f"the panel '{title}' asks what Prometheus understands", error.read().decode())


def measure(engine, system):
    """Start to ready and resident memory of each part."""
    found = {}
    for service, program in PARTS.items():
        name = system.container(service)
        engine("restart", "-t", "10", name)
        container = engine.inspect(name)
        started = time.time() - report.seconds_since(container["State"]["StartedAt"])
        networks = container["NetworkSettings"]["Networks"]
        address = next(found["IPAddress"] for network, found in networks.items() if network.endswith("_bus"))
        url = f"http://{address}:9464/readyz"
        def ready():
            try:
                return urllib.request.urlopen(url, timeout=1).status == 200
            except OSError:
                return False
        eventually(ready, 30, pause=0.005)
        found[program] = {"ready": time.time() - started}
    time.sleep(8)
    for service, program in PARTS.items():
        pid = engine.inspect(system.container(service))["State"]["Pid"]
        status = open(f"/proc/{pid}/status").read()
        found[program]["resident"] = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=f"{ROOT}/.build/debug")
    for flag in ("--release", "--shipped", "--private", "--write-docs", "--keep"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    options.binaries = os.path.abspath(options.binaries)
    options.shipped = options.shipped or options.release
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
    programs = [*dict.fromkeys(PARTS.values()), "nimmer"]
    say("stand-ins and images")
    standins(engine, folder)
    if options.release:
        for program in programs:
            run("swift", "build", "-c", "release", "--static-swift-stdlib", "--product", program, cwd=ROOT, timeout=1800)
    start = time.monotonic()
    environment = dict(engine.environment, PATH=f"{os.path.dirname(engine.docker)}:{os.environ['PATH']}")
    run(nimmer, "image", "build", "--engine", "docker", "--tag", "check", "--binaries", options.binaries, *programs,
        env=environment, cwd=ROOT)
    say(f"{len(programs)} images in {time.monotonic() - start:.0f} s")
    sizes = check_images(checks, engine, programs, options.shipped)
    fills = {program: open(f"{ROOT}/.build/rootfs/{program}.txt").read() for program in programs}
    check_layers(checks, engine, options.binaries, programs, folder)
    check_third_party(checks, engine, nimmer, options.binaries, folder, environment)

    system = System(engine, folder, "dev")
    run(f"{ROOT}/deploy/compose/prepare.sh", env=dict(system.environment, NIMMER=nimmer))
    try:
        say("compose up")
        start = time.monotonic()
        system.compose("--profile", "monitoring", "up", "-d", "--wait", "prometheus", *PARTS, timeout=180)
        say(f"healthy after {time.monotonic() - start:.0f} s")
        check_hardening(checks, engine, system)
        say("two waves of two origins")
        decide(checks, system, python, 1)
        check_metrics(checks, system, shutil.which("promtool"))
        say("the dashboard's queries")
        check_dashboard(checks, system)
        say("kills")
        check_kills(checks, engine, system)
        checks(gates_rest(system), "the gate of the house comes to rest")
        decide(checks, system, python, 2)
        say("secrets")
        leaks.check(checks, engine, system, python, [f"nimmerverse/{program}:check" for program in programs], PARTS)
        if options.shipped:
            say("start to ready, and resident memory")
            rows = list(report.rows(sizes, measure(engine, system), fills))
            report.print_table(rows)
            if options.write_docs:
                report.write(f"{ROOT}/docs/deployment.md", rows)
        if checks.failed:
            print(system.compose("logs", "--tail", "40").stdout[-12000:], flush=True)
    except RuntimeError:
        print(system.compose("logs", "--tail", "60", check=False).stdout[-20000:], flush=True)
        raise
    finally:
        if not options.keep:
            say("down")
            system.compose("stop", "-t", "15", check=False)
            for service in PARTS:
                state = engine.inspect(system.container(service))["State"]
                checks(state["ExitCode"] == 0, f"{service} ended when asked to", state)
            system.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "15", check=False)
            check_gone(checks, engine, system)
    check_production(checks, engine, folder, python, nimmer)
    if not options.keep:
        for program in [*programs, "again"]:
            engine("rmi", f"nimmerverse/{program}:check", check=False)


def check_production(checks, engine, folder, python, nimmer):
    """The overlay of production: TLS, its own subjects, streams and database; the same images."""
    say("compose up with prod.yaml")
    os.makedirs(f"{folder}/prod")
    system = System(engine, f"{folder}/prod", "prod", "prod.yaml")
    run(f"{ROOT}/deploy/compose/prepare.sh", env=dict(system.environment, NIMMER=nimmer))
    try:
        system.compose("up", "-d", "--wait", *PARTS, timeout=180)
        decide(checks, system, python, 1)
        with socket.create_connection((system.address("nats"), 4222), timeout=5) as connection:
            greeting = connection.recv(4096).decode()
        checks('"tls_required":true' in greeting, "production's nats-server insists on TLS", greeting)
    except RuntimeError:
        print(system.compose("logs", "--tail", "60", check=False).stdout[-20000:], flush=True)
        raise
    finally:
        system.compose("down", "-v", "--remove-orphans", "-t", "15", check=False)
        check_gone(checks, engine, system)


def check_gone(checks, engine, system):
    """Nothing of a project is left."""
    label = f"label=com.docker.compose.project={system.environment['COMPOSE_PROJECT_NAME']}"
    for kind in (("ps", "-a"), ("volume", "ls"), ("network", "ls")):
        left = engine(*kind, "-q", "--filter", label).stdout.strip()
        checks(left == "", f"{kind[0]}: nothing is left", left)


if __name__ == "__main__":
    sys.exit(main())

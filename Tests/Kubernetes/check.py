#!/usr/bin/env python3
"""Renders every overlay of deploy/kubernetes and holds it to its promises.

Each manifest fits the schema of the newest three Kubernetes versions, nothing runs as root, no secret stands in a manifest, and
each pod reaches what is written below and nothing else. Prints what each pod may reach.

Needs kubectl (or kustomize) and Python's PyYAML; kubernetes-validate for the schemas (pip install kubernetes-validate).
Ends with 0 when all holds, 1 when something does not, 77 when a tool is missing (which it names).
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ROOT / "deploy/kubernetes/overlays"
ENVIRONMENTS = ["dev", "staging", "prod"]

# Who may reach what, by role, in a namespace of ours. DNS and being read by Prometheus come with every pod.
NATS, POSTGRES, MIND = "nats:4222", "postgres:5432", "mind:8080,11434"
MAY_REACH = {
    "cell": {NATS},
    "nerve": {NATS},
    "thalamus": {NATS},
    "bridge": {NATS, MIND},
    "hippocampus": {NATS, POSTGRES},
    "web": {NATS, POSTGRES},
    "migration": {POSTGRES},
    "nats": {"nats:6222"},
    "postgres": set(),
}
ALWAYS = "kube-dns:53"


def main():
    try:
        import yaml
    except ImportError:
        missing("PyYAML (pip install pyyaml)")
    problems = []
    rendered = {env: list(yaml.safe_load_all(build(env))) for env in ENVIRONMENTS}
    for env, objects in rendered.items():
        problems += [f"{env}: {text}" for text in secrets(objects) + pods_are_safe(objects, env) + pieces(objects, env)]
        problems += [f"{env}: {text}" for text in reach(objects, env)]
    problems += schemas(rendered)
    for text in problems:
        print(f"WRONG {text}")
    print(f"{len(ENVIRONMENTS)} environments, {sum(map(len, rendered.values()))} objects, {len(problems)} problems")
    return 1 if problems else 0


def missing(what):
    print(f"SKIPPED: there is no {what}")
    sys.exit(77)


def build(env):
    if shutil.which("kubectl"):
        command = ["kubectl", "kustomize", str(OVERLAYS / env)]
    elif shutil.which("kustomize"):
        command = ["kustomize", "build", str(OVERLAYS / env)]
    else:
        missing("kubectl and no kustomize")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"WRONG {env}: {done.stderr.strip()}")
        sys.exit(1)
    return done.stdout


def named(object):
    return f"{object['kind']}/{object['metadata']['name']}"


def templates(objects):
    """Every pod template with the object that it belongs to."""
    for object in objects:
        if object["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield object, object["spec"]["template"]


def secrets(objects):
    """No Secret and nothing that looks like a key in a manifest."""
    import yaml

    found = [f"{named(o)} is part of the manifests" for o in objects if o["kind"] == "Secret"]
    for object in objects:
        text = yaml.safe_dump(object)
        for pattern in (r"\bSU[A-Z2-7]{56}\b", r"BEGIN [A-Z ]*PRIVATE KEY", r"postgres(ql)?://[^@\s]*:[^@\s]*@"):
            if re.search(pattern, text):
                found.append(f"{named(object)} holds what looks like a secret ({pattern})")
    return found


def pods_are_safe(objects, env):
    """The restricted pod standard, and more: no root, no token, read-only, bounded; by digest in prod."""
    found = []
    for object, template in templates(objects):
        who, spec = named(object), template["spec"]
        security = spec.get("securityContext", {})
        expect = lambda holds, text: None if holds else found.append(f"{who}: {text}")
        expect(security.get("runAsNonRoot") is True and security.get("runAsUser", 0) > 0, "may run as root")
        expect(security.get("seccompProfile", {}).get("type") == "RuntimeDefault", "has no seccomp profile")
        expect(spec.get("automountServiceAccountToken") is False, "is given a token")
        expect(spec.get("serviceAccountName", "default") != "default", "has no service account of its own")
        expect(not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), "is on the host")
        expect(not any("hostPath" in volume for volume in spec.get("volumes", [])), "mounts the host's files")
        for container in spec.get("containers", []) + spec.get("initContainers", []):
            own = container.get("securityContext", {})
            expect(own.get("allowPrivilegeEscalation") is False, "may gain privileges")
            expect(own.get("readOnlyRootFilesystem") is True, "may write its root")
            expect(own.get("capabilities", {}).get("drop") == ["ALL"], "keeps capabilities")
            resources = container.get("resources", {})
            expect(all(k in resources.get(p, {}) for p in ("requests", "limits") for k in ("cpu", "memory")), "is unbounded")
            if object["kind"] != "Job":
                expect(all(f"{p}Probe" in container for p in ("startup", "liveness", "readiness")), "lacks a probe")
            image = container["image"]
            expect("@sha256:" in image or env != "prod", f"runs {image}, which is no digest")
            for variable in container.get("env", []):
                expect("PASSWORD" not in variable["name"] or variable["name"].endswith("_FILE"), "has a password in a variable")
    return found


def pieces(objects, env):
    """What must be there: disruption budgets, sizes, the sealed configuration."""
    found = []
    names = {named(o): o for o in objects}
    for name in ("nats", "thalamus", "hippocampus"):
        if f"StatefulSet/{name}" not in names or f"PodDisruptionBudget/{name}" not in names:
            found.append(f"{name} lacks its StatefulSet or its disruption budget")
    found += streams_fit(objects, names)
    if "Job/migration" not in names:
        found.append("there is no Job for migrations")
    if env == "prod":
        wanted = {"nats": 3, "thalamus": 3, "hippocampus": 2}
        found += [
            f"{name} runs {names[f'StatefulSet/{name}']['spec']['replicas']} times, not {count}"
            for name, count in wanted.items()
            if names[f"StatefulSet/{name}"]["spec"]["replicas"] != count
        ]
    system = [o for o in objects if o["kind"] == "ConfigMap" and re.fullmatch(r"system-[a-z0-9]{10}", o["metadata"]["name"])]
    if len(system) != 1 or not system[0].get("immutable"):
        found.append("the system file is not one immutable ConfigMap with the digest in its name")
    for object, template in templates(objects):
        for volume in template["spec"].get("volumes", []):
            name = volume.get("configMap", {}).get("name", "")
            if name.startswith("system") and (not system or name != system[0]["metadata"]["name"]):
                found.append(f"{named(object)} mounts {name}")
    return found


def streams_fit(objects, names):
    """JetStream reaches its own limit before the end of its disk: there it would take nothing more until it is restarted."""
    configurations = [text for o in objects if o["kind"] == "ConfigMap" for text in o.get("data", {}).values()]
    limits = [int(found[1]) << 30 for text in configurations if (found := re.search(r"max_file_store: (\d+)G\b", text))]
    claim = names["StatefulSet/nats"]["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]
    size = int(re.fullmatch(r"(\d+)Gi", claim)[1]) << 30
    return [] if len(limits) == 1 and limits[0] <= 0.8 * size else [f"JetStream may fill {limits} of {size} bytes"]


def selects(selector, labels):
    for expression in selector.get("matchExpressions", []):
        raise SystemExit(f"matchExpressions are not understood: {expression}")
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def allowed(policies, labels, direction):
    """The rules of a direction that hold for a pod; None when no policy isolates it."""
    bound = [
        p["spec"] for p in policies
        if selects(p["spec"]["podSelector"], labels) and direction in p["spec"]["policyTypes"]
    ]
    return [rule for spec in bound for rule in spec.get(direction.lower()) or []] if bound else None



def reach(objects, env):
    """Compares what each pod may reach with MAY_REACH, and prints it: allowed by its own egress and by the other's ingress."""
    found = []
    policies = [o for o in objects if o["kind"] == "NetworkPolicy"]
    pods = {named(o): t["metadata"]["labels"] for o, t in templates(objects)}
    print(f"{env}: what each pod may reach")
    for who, labels in sorted(pods.items()):
        rules = allowed(policies, labels, "Egress")
        if rules is None:
            found.append(f"{who} may reach everything")
            continue
        reached = set()
        for rule in rules:
            ports = ",".join(str(p) for p in sorted({p["port"] for p in rule.get("ports", [])}))
            if not ports or not rule.get("to"):
                found.append(f"{who} may reach any port or any place")
            for peer in rule.get("to", []):
                if "ipBlock" in peer:
                    cidr = peer["ipBlock"]["cidr"]
                    if not cidr.endswith("/32"):
                        found.append(f"{who} may reach the network {cidr}")
                    reached.add(f"postgres:{ports}" if ports == "5432" else f"{cidr}:{ports}")
                elif "namespaceSelector" in peer:
                    role = peer["podSelector"]["matchLabels"]
                    reached.add(f"{role.get('nimmerverse.io/role') or role.get('k8s-app')}:{ports}")
                else:
                    for other, theirs in pods.items():
                        if not selects(peer["podSelector"], theirs):
                            continue
                        if accepts(policies, labels, theirs, ports):
                            reached.add(f"{theirs['nimmerverse.io/role']}:{ports}")
        role = labels["nimmerverse.io/role"]
        print(f"  {who:36} {role:12} {', '.join(sorted(reached))}")
        wanted = MAY_REACH[role] | {ALWAYS}
        if reached != wanted:
            found.append(f"{who} reaches {sorted(reached)}; expected {sorted(wanted)}")
    for who, labels in pods.items():
        if allowed(policies, labels, "Ingress") is None:
            found.append(f"{who} may be reached by everybody")
    return found


def accepts(policies, labels, theirs, ports):
    """Whether a pod lets another in at these ports."""
    for rule in allowed(policies, theirs, "Ingress") or []:
        open_ports = {str(p["port"]) for p in rule.get("ports", [])}
        for peer in rule.get("from", []):
            if "namespaceSelector" not in peer and selects(peer["podSelector"], labels) and set(ports.split(",")) <= open_ports:
                return True
    return False


def schemas(rendered):
    """Against the schemas of the newest three versions that kubernetes-validate knows."""
    try:
        import kubernetes_validate
    except ImportError:
        print("SKIPPED: no kubernetes-validate (pip install kubernetes-validate): manifests are not held to the schemas")
        return []
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    versions = sorted(
        {tuple(map(int, m.groups())) for p in folder.iterdir() if (m := re.match(r"v(\d+)\.(\d+)", p.name))}
    )[-3:]
    found = []
    for version in (".".join(map(str, v)) for v in versions):
        for env, objects in rendered.items():
            for object in objects:
                try:
                    kubernetes_validate.validate(object, version, strict=True)
                except Exception as error:  # noqa: BLE001 (the library has several kinds)
                    found.append(f"{env}: {named(object)} on Kubernetes {version}: {str(error).splitlines()[0]}")
        print(f"schemas of Kubernetes {version}: checked")
    return found


if __name__ == "__main__":
    sys.exit(main())

"""The images: those of others, and what ours are held to."""
import io
import json
import os
import re
import shutil
import tarfile
import time

from engine import Skipped, run
from system import ROOT


def standins(engine, folder, say):
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
            if kind == "nats":
                engine("tag", name, name.removesuffix("-alpine"))
    if made:
        say(f"the official images cannot be pulled here; stand-ins: {', '.join(made)}")


def check(checks, engine, programs, isShipped):
    """Nobody's process, labelled, without a shell, and a cell's not too large; gives their sizes."""
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
        if isShipped and program.endswith(("-cell", "-nerve")):
            # libcurl of Debian brings TLS, Kerberos and LDAP of its own.
            bound = 44 if any("/libcurl.so" in name for name in files) else 40
            checks(image["Size"] <= bound * 1_000_000, f"the image of {program} is at most {bound} MB", image["Size"])
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


def check_layers(checks, engine, binaries):
    """The same programs give the same layers, laid out again and built again from nothing."""
    def layers():
        run("sh", f"{ROOT}/deploy/containers/rootfs.sh", binaries, f"{ROOT}/.build/rootfs", "math-cell", "thalamus",
            env=dict(engine.environment, SOURCE_DATE_EPOCH="1700000000"))
        engine("build", "--no-cache", "-q", "-f", f"{ROOT}/deploy/containers/Containerfile", "--target", "math-cell",
               "--build-arg", "BINARIES=host", "-t", "nimmerverse/again:check", ROOT)
        return engine.inspect("nimmerverse/again:check", "image")["RootFS"]["Layers"]
    engine.environment["DOCKER_BUILDKIT"] = "1"
    first = layers()
    time.sleep(1.1)
    second = layers()
    checks(first == second, "an image that is built again has the same layers", (first, second))



def check_podman(checks, nimmer, binaries, folder):
    """podman builds the same Containerfile as it stands, a cell and a service, in a storage of its own."""
    if not shutil.which("podman") or os.geteuid() != 0:
        print("SKIPPED: images are not built with podman: " + (
            "only root can give it a storage of its own" if shutil.which("podman") else "there is none"), flush=True)
        return
    home = f"{folder}/podman"
    os.makedirs(home)
    with open(f"{home}/storage.conf", "w") as file:
        file.write(f'[storage]\ndriver = "vfs"\ngraphroot = "{home}/graph"\nrunroot = "{home}/run"\n')
    with open(f"{home}/containers.conf", "w") as file:
        file.write(PODMAN)
    environment = dict(
        os.environ, CONTAINERS_STORAGE_CONF=f"{home}/storage.conf", CONTAINERS_CONF=f"{home}/containers.conf")
    programs = ["math-cell", "thalamus"]
    run(nimmer, "image", "build", "--engine", "podman", "--tag", "check", "--binaries", binaries, *programs,
        env=environment, cwd=ROOT)
    for program in programs:
        name = f"nimmerverse/{program}:check"
        image = json.loads(run("podman", "image", "inspect", name, env=environment).stdout)[0]
        checks(image["User"] == "65532:65532", f"podman: {program} runs as nobody", image["User"])
        health = (image.get("HealthCheck") or image.get("Healthcheck") or {}).get("Test")
        checks(health == ["CMD", f"/usr/bin/{program}", "--health"], f"podman: {program} says how it is", health)
        # Without systemd podman does not ask by itself.
        answer = run("podman", "run", "--rm", "--no-healthcheck", "--network", "none", "--read-only", name, "--version",
                     env=environment, check=False)
        checks(answer.returncode == 0 and re.match(r"\w+ \d", answer.stdout), f"podman: {program} runs", answer.stdout)
        run("podman", "rmi", name, env=environment, check=False)


# Bounds that root may lack the right to raise are set to what is there; no systemd is asked for anything.
PODMAN = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""

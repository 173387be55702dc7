"""Secrets appear in no log, list of processes, `$SRV` answer, page of metrics, image layer or container's description."""
import glob
import json
import os

ASK = """
import asyncio, itertools, ssl, sys, nats
url, key, authority, parts = sys.argv[1:]
security = dict(tls=ssl.create_default_context(cafile=authority), tls_hostname="nats") if url.startswith("tls") else {}
seed, _, inbox = open(key).read().split()
async def main():
    client = await nats.connect(url, nkeys_seed_str=seed, inbox_prefix=inbox.encode(), **security)
    for verb in ("PING", "INFO", "STATS"):
        box = client.new_inbox()
        answers = await client.subscribe(box)
        await client.publish("$SRV." + verb, b"", reply=box)
        try:
            # A busy machine may take its time until every part has answered.
            for number in itertools.count():
                print((await answers.next_msg(timeout=30 if number < int(parts) else 1)).data.decode())
        except nats.errors.TimeoutError: pass
    await client.close()
asyncio.run(main())
"""


def secrets(folder):
    """Every secret by the name of its file: the passwords, and the seeds of the keys."""
    found = {}
    for path in glob.glob(f"{folder}/postgres-*") + [f"{folder}/grafana"] + glob.glob(f"{folder}/keys/*.nk"):
        found[os.path.basename(path)] = open(path).read().split()[0]
    found["web/token"] = open(f"{folder}/web/token").read().strip()
    for path in glob.glob(f"{folder}/tls/*.key") + glob.glob(f"{folder}/web/*.key"):
        found[os.path.relpath(path, folder)] = open(path).read().split("\n")[1]
    return found


def places(engine, system, python, images, parts):
    """Where a secret must not stand: what it is, and its text."""
    from engine import run
    yield "logs", system.compose("logs", "--no-color", "--timestamps").stdout
    yield "ps", run("ps", "axww", "-o", "args").stdout
    for service in [*parts, "nats", "postgres"]:
        container = system.container(service)
        pid = engine.inspect(container)["State"]["Pid"]
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    yield f"/proc/<{service}>/{name}", file.read().decode(errors="replace")
            except PermissionError:
                print(f"SKIPPED: only root may read /proc/<{service}>/{name}", flush=True)
        yield f"docker inspect {service}", json.dumps(engine.inspect(container))
    for service in parts:
        yield f"{service} /metrics", system.get(service, "/metrics")[1]
    answers = run(python, "-c", ASK, system.nats, f"{system.secrets}/keys/observer.nk", system.authority, str(len(parts))).stdout
    yield "$SRV answers", answers
    yield "docker compose config", system.compose("config").stdout
    for image in images:
        yield f"history of {image}", engine("history", "--no-trunc", image).stdout
    yield "image layers", engine("save", *images, text=False).stdout.decode("latin-1")


def check(checks, engine, system, python, images, parts):
    known = secrets(system.secrets)
    checks(len(known) >= 10 and all(len(text) >= 20 for text in known.values()), "there are secrets to look for", known.keys())
    for place, text in places(engine, system, python, images, parts):
        checks(len(text) > 0, f"{place} says something")
        if place == "$SRV answers":
            checks(text.count("io.nats.micro.v1.info_response") >= len(parts), "every part answers $SRV.INFO")
        found = [name for name, secret in known.items() if secret in text]
        checks(not found, f"{place} holds no secret", found)

"""What the images take, measured, and as the table of docs/deployment.md."""
import datetime
import re
import time
import urllib.request

from system import eventually


def seconds_since(moment):
    """Seconds since a moment as docker writes it."""
    text = re.sub(r"\.(\d{6})\d*Z$", r".\1+00:00", moment)
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(text)).total_seconds()


def measure(engine, system, parts):
    """Start to ready and resident memory of each part."""
    found = {}
    for service, program in parts.items():
        name = system.container(service)
        engine("restart", "-t", "10", name)
        container = engine.inspect(name)
        started = time.time() - seconds_since(container["State"]["StartedAt"])
        networks = container["NetworkSettings"]["Networks"]
        address = next(found["IPAddress"] for network, found in networks.items() if network.endswith("_bus"))
        url = f"http://{address}:9464/readyz"
        def ready():
            try:
                return urllib.request.urlopen(url, timeout=10).status == 200
            except OSError:
                return False
        if not eventually(ready, 120, pause=0.005):
            raise RuntimeError(f"{service} is not ready 120 s after its start")
        found[program] = {"ready": time.time() - started}
    time.sleep(8)
    for service, program in parts.items():
        pid = engine.inspect(system.container(service))["State"]["Pid"]
        status = open(f"/proc/{pid}/status").read()
        found[program]["resident"] = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024
    return found


def rows(sizes, measured, fills):
    for program, size in sizes.items():
        found = measured.get(program)
        yield [
            f"`{program}`", f"{size / 1e6:.1f} MB", f"{found['ready'] * 1000:.0f} ms" if found else "–",
            f"{found['resident'] / 2**20:.1f} MiB" if found else "–", largest(fills[program]),
        ]


def largest(text, count=4):
    """The largest files of an image."""
    words = []
    for line in text.split("\n")[:count]:
        size, _, path = line.partition(" ")
        words.append(f"{path.rsplit('/', 1)[-1]} {int(size) / 1e6:.1f}")
    return ", ".join(words)


def table(rows):
    lines = ["| image | size | start to ready | resident | filled by (MB) |", "|---|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def print_table(rows):
    print(table(rows), flush=True)


def write(path, rows):
    text = open(path).read()
    new = re.sub(r"(<!-- images -->\n).*?(<!-- /images -->)", lambda m: m[1] + table(rows) + "\n" + m[2], text, flags=re.S)
    open(path, "w").write(new)

"""The result of a run: on the terminal, as JSON, and in docs/reliability.md."""
import json
import re
import shlex
import sys

COUNTED = (
    ("decided", "messages decided: transitions, collapses, requests, responses, acts"),
    ("stored", "of these in a stream"), ("persisted", "of these in PostgreSQL"), ("lost", "lost"), ("doubled", "doubled"),
    ("incomplete", "openings without collapse or request, requests without response"), ("illegal", "illegal steps of a gate"),
    ("re-asked", "requests asked again while the bridge lived on"),
    ("wrongly commanded", "commands that no stored decision holds, or sent twice"))


def kills(house):
    return {p.name: p.kills for p in house.processes if p.kills}


def rows(house, checks, recovery):
    """The table: [(what, figure)]."""
    by = kills(house)
    stops = sum(e["what"] == "stop" for e in house.events)
    terms = sum(e["what"] == "term" for e in house.events)
    yield "kills", f"{sum(by.values())}: " + ", ".join(f"{name} {count}" for name, count in by.items())
    yield "stopped for a while, asked to stop", f"{stops}, {terms}"
    for key, text in COUNTED:
        yield text, str(checks.counts[key])
    for name, (median, most, longest, count) in recovery.items():
        yield f"work again after a start of {name}, median, 90 %, longest", f"{median:.2f}, {most:.2f}, {longest:.2f} s ({count})"


def print_result(house, checks, recovery, options):
    title = f"scenario {options.scenario}" if options.scenario else f"seed {options.seed}, profile {options.profile}"
    print(f"\n{title}, nats-server {house.nats_version}, {len(house.thalami)} thalami, {house.age():.0f} s")
    for what, figure in rows(house, checks, recovery):
        print(f"  {what:72} {figure}")
    for what, figure in checks.facts.items():
        print(f"  {what:40} {figure}")
    for rule, claim, found in checks.failures:
        print(f"  FAILED {rule}: {claim}: {found}")
    print(f"{checks.passed} passed, {len(checks.failures)} failed, 0 skipped", flush=True)


def write_json(house, checks, recovery, options, path):
    """Everything that was found, and everything that was done."""
    record = {
        "seed": options.seed, "scenario": options.scenario, "profile": options.profile, "nats": house.nats_version,
        "kills": kills(house), "counts": {key: checks.counts[key] for key, _ in COUNTED}, "facts": checks.facts,
        "passed": checks.passed, "failed": [list(f) for f in checks.failures],
        "recovery_s": {k: {"median": v[0], "p90": v[1], "max": v[2], "count": v[3]} for k, v in recovery.items()},
        "events": house.events, "options": vars(options)}
    with open(path, "w") as file:
        json.dump(record, file, default=str, indent=1)


def command(program):
    """The command of this run, without the option that names the page."""
    words = [w for i, w in enumerate(sys.argv[1:], 1) if w != "--report" and sys.argv[i - 1] != "--report"]
    return ["```", f"python3 Tests/Chaos/{program} {shlex.join(words)}".rstrip(), "```", ""]


def write_page(house, checks, recovery, options, path):
    """Puts the table of a run into a page."""
    lines = command("run.py") + [
        f"With nats-server {house.nats_version}, {house.age() / 60:.0f} minutes, {checks.passed} checks passed, "
        f"{len(checks.failures)} failed.", "", "| | found |", "|---|---|"]
    write_block(path, "chaos", lines + [f"| {what} | {figure} |" for what, figure in rows(house, checks, recovery)])


def write_block(path, mark, lines):
    """Puts lines between <!-- mark --> and <!-- /mark --> of a page."""
    with open(path) as file:
        text = file.read()
    if f"<!-- {mark} -->" not in text:
        raise RuntimeError(f"{path} has no <!-- {mark} --> block")
    new = re.sub(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text, flags=re.S)
    with open(path, "w") as file:
        file.write(new)

"""Scores simulated plants with what a user writes: a sensor cell for each column, one region, default gates.

    [NIMMER=BINARY] python3 Tests/Scoring/plants_score.py [--write]

Once with the sensor cells alone, and once with a multivariate cell of all columns in the same region. --write puts the table into
docs/spec/sensing.md. Needs nothing but python3 and the release build of nimmer (or NIMMER); takes some minutes.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

import attention_score
import plants

ROOT = pathlib.Path(__file__).resolve().parents[2]
START = datetime(2021, 1, 1, tzinfo=timezone.utc)
LEARNING_ROWS, GRACE_ROWS = 400, 60
MARKS = "<!-- plants-score -->", "<!-- /plants-score -->"


def system(plant, has_multivariate):
    cells = [f"  - {{name: c{i}, kind: sensor/v1, settings: {{subject: plant.c{i}, column: {name}, region: plant.all}}}}"
             for i, name in enumerate(plant.columns)]
    if has_multivariate:
        columns = ", ".join(plant.columns)
        cells.append(f"  - {{name: together, kind: multivariate/v1, settings: {{columns: [{columns}], region: plant.all}}}}")
    return "\n".join(["nimmerverse: 1", "name: plant", "cells:", *cells,
                      'thalamus: {regions: {plant: [plant, "plant.>"]}}', ""])


def escalations(nimmer, folder, plant, has_multivariate):
    """The rows in which the mind was woken."""
    file, table = folder / "system.yaml", folder / "plant.csv"
    file.write_text(system(plant, has_multivariate))
    with open(table, "w") as output:
        output.write("time," + ",".join(plant.columns) + "\n")
        for i, row in enumerate(plant.rows):
            moment = START + timedelta(seconds=i * plant.interval)
            output.write(moment.isoformat() + "," + ",".join(f"{value:.6g}" for value in row) + "\n")
    result = subprocess.run([nimmer, "replay", "--system", file, "--input", table, "--json"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=True, text=True)
    events = [json.loads(line) for line in result.stdout.splitlines() if '"escalation"' in line]
    return [(attention_score.seconds(event["at"]) - START.timestamp()) / plant.interval for event in events
            if event["type"] == "escalation"]


def score(plant, woken):
    """(faults, caught, false)."""
    faults, start = [], None
    for i, is_faulty in enumerate(plant.labels + [False]):
        if is_faulty and start is None:
            start = i
        if not is_faulty and start is not None:
            faults.append((start, i - 1))
            start = None
    woken = [row for row in woken if row >= LEARNING_ROWS]
    caught = sum(any(first <= row <= last for row in woken) for first, last in faults)
    false = sum(not any(first <= row <= last + GRACE_ROWS for first, last in faults) for row in woken)
    return len(faults), caught, false


def main(arguments):
    nimmer = os.environ.get("NIMMER", ROOT / ".build/release/nimmer")
    totals = {}
    with tempfile.TemporaryDirectory() as name:
        for group, plant in plants.all_plants():
            print(f"\r{plant.name:20}", end="", file=sys.stderr, flush=True)
            for has_multivariate in (False, True):
                scored = score(plant, escalations(nimmer, pathlib.Path(name), plant, has_multivariate))
                total = totals.setdefault(group, {}).setdefault(has_multivariate, [0, 0, 0, 0])
                totals[group][has_multivariate] = [a + b for a, b in zip(total, (1, *scored))]
    print("\r" + " " * 20 + "\r", end="", file=sys.stderr)
    lines = ["| plants | caught | false | with the multivariate cell | false |", "|---|---|---|---|---|"]
    for group, of in totals.items():
        caught = [f"{of[i][2]} of {of[i][1]}" if of[i][1] else "" for i in (False, True)]
        lines.append(f"| {group} ({of[False][0]}) | {caught[0]} | {of[False][3]} | {caught[1]} | {of[True][3]} |")
    table = "\n".join(lines)
    print(table)
    if "--write" in arguments:
        page = ROOT / "docs/spec/sensing.md"
        before, rest = page.read_text().split(MARKS[0])
        page.write_text(before + MARKS[0] + "\n" + table + "\n" + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    main(sys.argv[1:])

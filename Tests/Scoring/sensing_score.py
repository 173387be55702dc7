"""Scores the pump system over recordings of SKAB; called by sensing_score.sh, which says how.

escalations   as attention_score.py counts them, on the whole recordings and on ten copies of each with 5 % of the rows left out
changes       what `nimmer replay --changes` reports, against the column changepoint, by the data set's own metric for change points
              (tsad, NAB, standard profile, a window of 60 s to the right of each)
"""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import pandas
from tsad.utils.evaluating.evaluating import evaluating

import attention_score
import pump

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Every second recording, so that the others can show overfitting.
RECORDINGS = """other/2 other/4 other/6 other/8 other/10 other/12 other/14 valve1/0 valve1/2 valve1/4 valve1/6 valve1/8 valve1/10
    valve1/12 valve1/14 valve2/0 valve2/2""".split()
SEEDS, DROPPED = 10, 0.05
# Limits of the default system: the least or the most of each figure.
LIMITS = {
    "caught": (16, None), "prompt": (14, None), "false": (None, 1), "escalations": (None, 24),
    "caught with rows left out": (15.8, None), "prompt with rows left out": (13.5, None), "false with rows left out": (None, 1.2),
    "false without a fault": (None, 0), "escalations without a fault": (None, 0), "change score": (48, None),
}
MARKS = "<!-- sensing-score -->", "<!-- /sensing-score -->"


def find(name):
    """A recording in a clone of SKAB, or in a folder with its files side by side."""
    folder, file = name.split("/")
    for path in (f"data/{name}.csv", f"{file}.csv" if folder == file else f"{folder}-{file}.csv"):
        recording = pathlib.Path(os.environ["SKAB"], path)
        if recording.is_file():
            return recording
    print(f"sensing_score: no {name}.csv in {os.environ['SKAB']}; nothing was scored", file=sys.stderr)
    sys.exit(77)


def replay(system, recording, folder, *options):
    events = folder / "events.ndjson"
    with open(events, "w") as file:
        subprocess.run([os.environ["NIMMER"], "replay", "--system", system, "--input", recording, "--json", *options],
                       stdout=file, stderr=subprocess.DEVNULL, check=True)
    return events


def attention(pairs):
    """Sums of (caught, prompt, false, escalations)."""
    total = [0, 0, 0, 0]
    for labels, events in pairs:
        _, delays, false, woken, _ = attention_score.score(labels, events)
        prompt = sum(delay <= attention_score.PROMPT_S for delay in delays)
        total = [a + b for a, b in zip(total, (len(delays), prompt, false, woken))]
    return total


def without_gates(system, folder):
    """A copy of a system whose gates have their defaults: two witnesses, and a window that follows the sensors."""
    copy = folder / "plain.yaml"
    copy.write_text(re.sub(r"^gates:\n(?:[ #].*\n|\n)*", "", pathlib.Path(system).read_text(), flags=re.MULTILINE))
    return copy


def dropped(recording, seed, folder):
    """A copy of a recording that lacks some of its rows."""
    chance = random.Random(f"{recording.name} {seed}")
    head, *rows = recording.read_text().splitlines()
    copy = folder / "dropped.csv"
    copy.write_text("\n".join([head] + [row for row in rows if chance.random() >= DROPPED]) + "\n")
    return copy


def change_points(system, recordings, folder):
    truth, found, count = [], [], 0
    for recording in recordings:
        table = pandas.read_csv(recording, sep=";", index_col="datetime", parse_dates=True)
        table = table[~table.index.duplicated()]
        events = pandas.Series(0, index=table.index)
        with open(replay(system, recording, folder, "--changes")) as file:
            for event in map(json.loads, file):
                if event["type"] == "change":
                    events[pandas.Timestamp(event["at"]).tz_localize(None)] = 1
                    count += 1
        truth.append(table.changepoint)
        found.append(events.sort_index())
    scores = evaluating(truth, found, metric="nab", window_width="60s", anomaly_window_destination="righter", verbose=False)
    return float(scores["Standard"]), count, sum(int(points.sum()) for points in truth)


def outside(figures):
    """A line for each figure that is outside its limits."""
    lines = []
    for name, (least, most) in LIMITS.items():
        if least is not None and figures[name] < least:
            lines.append(f"sensing_score: {name} is {figures[name]:g}; expected at least {least}")
        if most is not None and figures[name] > most:
            lines.append(f"sensing_score: {name} is {figures[name]:g}; expected at most {most}")
    return lines


def main(arguments):
    writes = "--write" in arguments
    systems = [argument for argument in arguments if argument != "--write"]
    system = systems[0] if systems else ROOT / "deploy/systems/pump.yaml"
    recordings = [find(name) for name in RECORDINGS]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if not systems:
            # What the sensors make of it; what is made of their trust: trust_score.py.
            declared = folder / "declared.yaml"
            declared.write_text(pump.declared(pathlib.Path(system).read_text()))
            system = declared
        whole = attention((file, replay(system, file, folder)) for file in recordings)
        plain = attention((file, replay(without_gates(system, folder), file, folder)) for file in recordings)
        quiet = find("anomaly-free/anomaly-free")
        free = attention([(quiet, replay(system, quiet, folder))])
        sums = [0, 0, 0, 0]
        for seed in range(SEEDS):
            print(f"\r{seed + 1} of {SEEDS} copies with rows left out", end="", file=sys.stderr, flush=True)
            for file in recordings:
                copy = dropped(file, seed, folder)
                sums = [a + b for a, b in zip(sums, attention([(copy, replay(system, copy, folder))]))]
        print("\r" + " " * 50 + "\r", end="", file=sys.stderr, flush=True)
        score, changes, points = change_points(system, recordings, folder)
    mean = [value / SEEDS for value in sums]
    table = "\n".join([
        "| | caught | within a minute | false | escalations |", "|---|---|---|---|---|",
        "| 17 recordings, one fault each | {} | {} | {} | {} |".format(*whole),
        "| the same without 5 % of their rows, mean of {} | {:.1f} | {:.1f} | {:.1f} | {:.1f} |".format(SEEDS, *mean),
        "| the whole recordings with default gates, which want two witnesses | {} | {} | {} | {} |".format(*plain),
        f"| the recording without a fault | | | {free[2]} | {free[3]} |", "",
        f"Change events: {changes} for {points} change points; score {score:.1f} (NAB, standard profile, by `tsad`; the best published over"
        " all 34 recordings: 32.4)."])
    print(table)
    if writes:
        for page in ("README.md", "docs/spec/sensing.md"):
            path = ROOT / page
            before, rest = path.read_text().split(MARKS[0])
            path.write_text(before + MARKS[0] + "\n" + table + "\n" + MARKS[1] + rest.split(MARKS[1])[1])
    if systems:
        return 0
    failures = outside(dict(zip(LIMITS, (*whole, *mean[:3], *free[2:], score))))
    print("".join(line + "\n" for line in failures), end="", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Scores what earned trust makes of recordings that come one after the other, each opening judged by the label of its row a minute later.

    SKAB=FOLDER python3 Tests/Scoring/trust_score.py [--orders N] [--write] [SYSTEM.yaml]

FOLDER is a clone of https://github.com/waico/SKAB, as for sensing_score.sh. The 17 recordings are played in N random orders (default 100): each order is
one life, whose trust is carried from recording to recording by `nimmer replay --trust`. A second pass plays the same order again. Needs python3 alone, and
takes about half an hour; NIMMER names another nimmer than the release build. --write puts the table of the default system into README.md, unless a figure is outside its
limits. Without the recordings the exit status is 77; it is 1, with a line for each figure, when one of the default system is outside its limits.
"""
import concurrent.futures
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import attention_score  # noqa: E402
import pump  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDINGS = """other/2 other/4 other/6 other/8 other/10 other/12 other/14 valve1/0 valve1/2 valve1/4 valve1/6 valve1/8 valve1/10
    valve1/12 valve1/14 valve2/0 valve2/2""".split()
NIMMER = os.environ.get("NIMMER", f"{ROOT}/.build/release/nimmer")
MARKS = "<!-- trust-score -->", "<!-- /trust-score -->"
# Sensors that lie: noise that jumps while nothing is wrong.
LIARS = ("Liar 1", "Liar 2")
WRONG, MISSING = 0.1, 0.5
# The least or the most of each figure: (caught, prompt, false).
LIMITS = {
    "cold start": (15.9, 13.7, 1.0), "second pass": (16, 14, 1.0), "second pass, a tenth of the outcomes wrong": (15.9, 13.7, None),
    "second pass, half of the outcomes missing": (15.9, 13.7, None), "two lying sensors": (15.9, None, None),
}


def find(name):
    folder, file = name.split("/")
    for path in (f"data/{name}.csv", f"{file}.csv" if folder == file else f"{folder}-{file}.csv"):
        recording = pathlib.Path(os.environ.get("SKAB", ""), path)
        if os.environ.get("SKAB") and recording.is_file():
            return recording
    print("trust_score: set SKAB to a clone of https://github.com/waico/SKAB; nothing was scored", file=sys.stderr)
    sys.exit(77)


def table(recording):
    head, *rows = recording.read_text().splitlines()
    return head.split(";"), [row.split(";") for row in rows]


def write(head, rows, path):
    path.write_text("\n".join(";".join(row) for row in [head] + rows) + "\n")
    return path


def identifier(recording):
    """The name of a recording, the same for each layout that find knows: in a clone, those of several folders have one file name."""
    return recording.stem if "-" in recording.stem else f"{recording.parent.name}-{recording.stem}"


def lying(recording, folder, seed):
    """A copy with two more sensors, which jump at random for half a minute, every two minutes or so, while nothing is wrong, and are calm otherwise."""
    head, rows = table(recording)
    fault = [float(row[head.index("anomaly")] or 0) != 0 for row in rows]
    # An alarm that runs into a fault could not be told from its catch.
    silent = [any(fault[place:place + 90]) for place in range(len(rows))]
    chance = random.Random(f"liars {seed} {identifier(recording)}")
    for _ in LIARS:
        values = [chance.gauss(10, 1) for _ in rows]
        row = 400
        while row < len(rows):
            row += chance.randint(60, 180)
            jump = chance.choice((-1, 1)) * chance.uniform(10, 20)
            for place in range(row, min(row + 30, len(rows))):
                values[place] += 0 if silent[place] else jump
        for line, value in zip(rows, values):
            line.append(f"{value:.4f}")
    return write(head + list(LIARS), rows, folder / f"lying-{identifier(recording)}.csv")


def with_liars(system, path):
    """A copy of a system that has the two sensors as well."""
    cells = "".join(f"  - name: pump-liar-{number}\n    kind: sensor/v1\n    settings: {{subject: pump.liar.{number}, column: {name}, "
                    "region: plant.pump, domain: liar}\n" for number, name in enumerate(LIARS, 1))
    path.write_text(system.read_text().replace("\ngates:\n", f"{cells}\ngates:\n", 1))
    return path


def judged(recording, folder, change, seed):
    """A copy with a column of outcomes that are changed at random: confirmed, failed, partial or nothing for each row."""
    head, rows = table(recording)
    place, chance = head.index("anomaly"), random.Random(f"{change} {seed} {identifier(recording)}")
    since = None
    for number, row in enumerate(rows):
        isTrue = float(row[place] or 0) != 0
        since = number if isTrue else since
        word = "confirmed" if isTrue else "partial" if since is not None and number - since <= 60 else "failed"
        if change == "wrong" and word != "partial" and chance.random() < WRONG:
            word = "failed" if isTrue else "confirmed"
        if change == "missing" and chance.random() < MISSING:
            word = ""
        row.append(word)
    return write(head + ["truth"], rows, folder / f"{change}-{identifier(recording)}.csv")


def life(system, recordings, seed, change, passes, isEarned):
    """One order of the recordings, passes times: sums of (caught, prompt, false, escalations) of each pass. Each order has a draw of its own of what is changed."""
    order = list(recordings)
    random.Random(seed).shuffle(order)
    sums = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trust, events = folder / "trust.json", folder / "events.ndjson"
        options = ["--verify", "truth" if change in ("wrong", "missing") else "anomaly", "--trust", trust] if isEarned else []
        if change:
            pairs = [(file, lying(file, folder, seed) if change == "lying" else judged(file, folder, change, seed)) for file in order]
        else:
            pairs = [(file, file) for file in order]
        for _ in range(passes):
            total = [0, 0, 0, 0]
            for labels, recording in pairs:
                with open(events, "w") as file:
                    subprocess.run([NIMMER, "replay", "--system", system, "--input", recording, "--json", *options],
                                   stdout=file, stderr=subprocess.DEVNULL, check=True)
                _, delays, false, woken, _ = attention_score.score(labels, events)
                prompt = sum(delay <= attention_score.PROMPT_S for delay in delays)
                total = [a + b for a, b in zip(total, (len(delays), prompt, false, woken))]
            sums.append(total)
    return sums


def means(pool, system, recordings, orders, change=None, passes=2, isEarned=True):
    """The mean of each pass over the orders."""
    runs = list(pool.map(lambda seed: life(system, recordings, seed, change, passes, isEarned), range(orders)))
    return [[sum(run[place][figure] for run in runs) / len(runs) for figure in range(4)] for place in range(passes)]


def outside(name, figures):
    lines = []
    for what, limit, figure in zip(("caught", "prompt", "false"), LIMITS.get(name, (None,) * 3), figures):
        if limit is not None and (figure > limit if what == "false" else figure < limit):
            lines.append(f"trust_score: {name}: {what} is {figure:.2f}; expected {'at most' if what == 'false' else 'at least'} {limit:g}")
    return lines


def main(arguments):
    orders = int(arguments[arguments.index("--orders") + 1]) if "--orders" in arguments else 100
    systems = [argument for argument in arguments if argument.endswith((".yaml", ".yml"))]
    system = pathlib.Path(systems[0] if systems else ROOT / "deploy/systems/pump.yaml")
    recordings = [find(name) for name in RECORDINGS]
    rows, problems = [], []
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(name)
        earned = with_liars(system, folder / "earned.yaml")
        declared = folder / "declared.yaml"
        declared.write_text(pump.declared(earned.read_text()))

        def add(label, figures, check=True):
            rows.append("| {} | {:.2f} | {:.2f} | {:.2f} | {:.1f} |".format(label, *figures))
            print(rows[-1], flush=True)
            problems.extend(outside(label, figures) if check else [])

        first, second = means(pool, system, recordings, orders)
        add("cold start", first)
        add("second pass", second)
        for change, label in (("wrong", "second pass, a tenth of the outcomes wrong"), ("missing", "second pass, half of the outcomes missing")):
            add(label, means(pool, system, recordings, orders, change)[1])
        honest, = means(pool, declared, recordings, orders, "lying", passes=1, isEarned=False)
        add("two lying sensors, trust declared", honest, check=False)
        lied, = means(pool, earned, recordings, orders, "lying", passes=1)
        add("two lying sensors", lied)
        if lied[2] > 0.4 * honest[2]:
            problems.append(f"trust_score: two lying sensors: false is {lied[2]:.2f}; expected at most 0.4 of {honest[2]:.2f}")
        quiet = find("anomaly-free/anomaly-free")
        free, = means(pool, system, [quiet], 1, passes=1, isEarned=False)
        add("the recording without a fault", free, check=False)
        if free[3] > 0:
            problems.append(f"trust_score: {free[3]:g} escalations without a fault; expected none")
    text = "\n".join([f"| 17 recordings in {orders} random orders, mean | caught | within a minute | false | escalations |", "|---|---|---|---|---|", *rows])
    problems = [] if systems else problems
    if "--write" in arguments and not systems and not problems:
        path = ROOT / "README.md"
        before, rest = path.read_text().split(MARKS[0])
        path.write_text(before + MARKS[0] + "\n" + text + "\n" + MARKS[1] + rest.split(MARKS[1])[1])
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

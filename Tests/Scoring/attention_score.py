"""Scores when a system woke the mind, against labelled faults.

usage: attention_score.py LABELS.csv EVENTS.ndjson [LABELS.csv EVENTS.ndjson]…

LABELS: a recording of SKAB: columns separated by ';', among them datetime and anomaly (0 or 1). Without a column anomaly the
        recording has no fault.
EVENTS: one JSON object a line; those with "type": "escalation" and an "at" count ("at" is RFC 3339, or
        'YYYY-MM-DD HH:MM:SS' as in the recording; times without an offset are UTC).

The first 400 rows (or all before an earlier fault) are for learning what is normal; escalations in them do not count.

caught   faults with an escalation between their start and their end
prompt   of those, within 60 s of their start
false    escalations outside every fault and the 60 s after its end
"""
import csv
import json
import statistics
import sys
from datetime import datetime, timezone

LEARNING_ROWS, GRACE_S, PROMPT_S = 400, 60, 60


def seconds(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def score(labels, events):
    with open(labels) as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    with open(events) as file:
        found = [json.loads(line) for line in file if line.strip()]
    times = [seconds(row["datetime"]) for row in rows]
    faulty = [float(row.get("anomaly") or 0) > 0 for row in rows]
    faults, start = [], None
    for i, bad in enumerate(faulty + [False]):
        if bad and start is None:
            start = i
        if not bad and start is not None:
            faults.append((times[start], times[i - 1]))
            start = None
    learned = times[min(LEARNING_ROWS, faulty.index(True) if True in faulty else LEARNING_ROWS)]
    woken = sorted(seconds(event["at"]) for event in found if event.get("type") == "escalation")
    woken = [time for time in woken if time >= learned]
    delays = []
    for begin, end in faults:
        within = [time - begin for time in woken if begin <= time <= end]
        if within:
            delays.append(min(within))
    false = sum(not any(begin <= time <= end + GRACE_S for begin, end in faults) for time in woken)
    normal_hours = (times[-1] - learned - sum(end - begin for begin, end in faults)) / 3600
    return len(faults), delays, false, len(woken), normal_hours


def main(arguments):
    if not arguments or len(arguments) % 2:
        sys.exit(__doc__)
    faults = false = woken = 0
    normal_hours, delays = 0.0, []
    for labels, events in zip(arguments[::2], arguments[1::2]):
        f, d, w, n, h = score(labels, events)
        print(f"{labels}: faults {f} caught {len(d)} false {w} escalations {n} delay {min(d) if d else '-'}")
        faults, false, woken, normal_hours = faults + f, false + w, woken + n, normal_hours + h
        delays += d
    print(json.dumps({
        "faults": faults, "caught": len(delays), "prompt": sum(delay <= PROMPT_S for delay in delays), "false": false,
        "false_per_normal_hour": round(false / normal_hours, 2) if normal_hours else None, "escalations": woken,
        "median_delay_s": statistics.median(delays) if delays else None}))


if __name__ == "__main__":
    main(sys.argv[1:])

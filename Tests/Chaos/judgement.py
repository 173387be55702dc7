"""Checks what the gates, the minds and the processes did."""
import collections
import json
import statistics

from driver import NEVER
from gate import Gate

WORDS = {-1: "closed", 0: "stable", 1: "open"}
# More than this no process of ours ever needs here, whatever it has to keep while a server is away.
MEMORY = 200 * 1024


def check_paths(checks, house, stored, clock_jumped=False):
    """Each gate's transitions form a path, in the order of their times and in the order of the stream."""
    said, by_time, by_stream = stored.by_gate(), [], []
    since = lambda item: item.at / 1e9 - house.begun

    def follow(gate, items, found):
        state, before = "stable", None
        for item in items:
            if item.body["from_state"] != state:
                found.append(f"{gate}: {state}" + (f"@{since(before):.3f}" if before else "") +
                             f", then {item.body['from_state']}→{item.body['to_state']}@{since(item):.3f} (sequence "
                             f"{item.sequence}, stored @{item.stored - house.begun:.2f}{near(house, since(item))})")
            state, before = item.body["to_state"], item
        return state

    inversions, last = 0, {}
    for gate, items in said.items():
        ordered = sorted(items, key=lambda i: (i.at, i.sequence))
        inversions += sum(a.sequence > b.sequence for a, b in zip(ordered, ordered[1:]))
        last[gate] = follow(gate, items, by_stream)
        if not clock_jumped:
            last[gate] = follow(gate, ordered, by_time)
    checks("legal", "each gate's transitions are a path in the order of time", by_time)
    checks("legal", "each gate's transitions are a path in the order of the stream", by_stream)
    checks.counts["illegal"] += max(len(by_time), len(by_stream))
    checks.facts["transitions stored behind a later one"] = inversions
    totals, states = [], []
    for gate, state, count, openings in stored.gates:
        items = said.get(gate, [])
        opened = sum(i.body["to_state"] == "open" for i in items)
        if (count, openings) != (len(items), opened):
            totals.append(f"{gate}: {count} and {openings}; the stream has {len(items)} and {opened}")
        if gate in last and WORDS[state] != last[gate]:
            states.append(f"{gate} is {WORDS[state]}; its last transition says {last[gate]}")
    checks("persisted", "the totals of each gate in PostgreSQL are those of the stream", totals)
    checks("persisted", "the state of each gate in PostgreSQL is that of its last transition", states)
    return last


def near(house, moment):
    events = [f"{e['what']} {e['target']} {e['t']:.2f}" for e in house.events
              if e["target"].startswith(("thalamus", "nats")) and -9 < e["t"] - moment < 7]
    return "; " + ", ".join(events) if events else ""


async def check_reported(checks, house, last):
    """`nimmer gate list` says what the last transitions say."""
    status, out, err = await house.nimmer("gate", "list", "--json")
    checks("reported", "nimmer gate list answers", [f"{status} {err.strip()}"] if status else [])
    if status:
        return
    listed = json.loads(out)
    says = {g["gate_id"]: g["state"] for g in (listed if isinstance(listed, list) else listed["gates"])}
    wrong = [f"{gate}: {says.get(gate)}, and not {state}" for gate, state in last.items() if says.get(gate) != state]
    checks("reported", "nimmer gate list says what the last transitions say", wrong)


def check_episodes(checks, house, stored, ready, storm, calm, clock_jumped=False):
    """Controls never open, no episode opens twice; what was sent before the storm and in the calm after it does what the
    mathematics says. The first calm, the storm and the second calm begin at `ready`, `storm` and `calm`."""
    regions = {r.gate: r for r in house.driver.regions}
    number_of = {(r.gate, wave[0]): e["number"] for r in house.driver.regions for e in r.episodes for wave in e["waves"]}
    opened, strange = collections.Counter(), []
    for item in stored.openings:
        gate, us = item.body["gate_id"], item.at // 1000
        region, number = regions.get(gate), number_of.get((gate, us))
        if region and clock_jumped:  # what is published follows the clock on the wall: when it was stored, says the server's
            us = item.stored * 1e6
            number = next((e["number"] for e in reversed(region.episodes) if e["waves"] and e["waves"][0][0] <= us), None)
        elif region and number is None:  # a late wave has the time of what its gate did last (gates.md, Late waves)
            number = next((e["number"] for e in region.episodes
                           if e["waves"] and 0 <= us - e["waves"][-1][0] <= region.window * 1000), None)
        asserting = {s["origin"] for s in item.body["trigger_signals"] if s["polarity"] == 1}
        if region is None or number is None or region.kind in NEVER or len(asserting) < 2:
            strange.append(f"{gate}@{us / 1e6 - house.begun:.2f} by {sorted(asserting)}")
        else:
            opened[(gate, number)] += 1
    checks("controls", "nothing opened that must not", strange)
    checks("controls", "no episode opened twice", [key for key, count in opened.items() if count > 1])
    closed = collections.Counter((i.body["gate_id"], number_of.get((i.body["gate_id"], i.at // 1000)))
                                 for i in stored.items["transition"] if i.body["to_state"] == "closed")
    expected, wrong = 0, []
    for region in house.driver.regions:
        for episode in region.episodes:
            times = [wave[0] / 1e6 - house.begun for wave in episode["waves"]]
            if len(times) < 2 or not episode["delivered"] or region.kind == "slow":
                continue
            if not (ready < times[0] and times[-1] < storm - 0.5 or times[0] > calm):
                continue
            gate = Gate(region.window, region.half_life)
            for us, origin, confidence, polarity in episode["waves"]:
                gate.wave(us / 1000, origin, confidence, polarity)
            found = (opened[(region.gate, episode["number"])], closed[(region.gate, episode["number"])])
            expected += gate.openings
            if gate.margin >= 0.02 and found != (gate.openings, gate.closings):
                wrong.append(f"{region.gate}/{episode['number']}@{times[0]:.2f}: {found}, expected "
                             f"{(gate.openings, gate.closings)}")
    # Waves are lost, and counted, while regions move between thalami, also when the machine is too busy for their leases.
    if len(house.thalami) == 1:
        checks("alive", "before and after the storm, each episode opens or closes what it must", wrong)
    else:
        checks.facts["episodes before and after the storm that went otherwise"] = len(wrong)
    checks.facts["openings"] = f"{len(stored.openings)}, of these {expected} expected before and after the storm"


def check_minds(checks, house, stored):
    """A request is asked again only when the bridge was hit meanwhile, and never once its response is stored; commands leave at
    most once, and only those that the stored decision holds."""
    again, late, shared = [], [], collections.Counter(name[:8] for name in stored.names["request"])
    answered = {i.body["request_id"].lower(): i.stored - house.begun for i in stored.items["response"]}
    for name in stored.names["request"]:
        if shared[name[:8]] > 1:
            continue  # the mind could not tell the two apart
        calls = [(c["at"] - house.begun, c["end"]) for c in house.mind.asked(name)]
        for (first, end), (second, _) in zip(calls, calls[1:]):
            if not house.hit("bridge", first - 1, second + 0.5):
                again.append(f"{name} @{first:.2f}{'' if end else ' (not answered)'} and @{second:.2f}")
            if second > answered.get(name, second) + 0.05:
                late.append(f"{name} @{second:.2f}, answered @{answered[name]:.2f}")
    checks("asked once", "no request was asked again while the bridge lived on", again)
    checks("asked once", "no request was asked again whose response was stored, whatever died meanwhile", late)
    checks.counts["re-asked"] += len(set(again) | set(late))
    calls = [sum(not c["repair"] for c in found) for found in house.mind.calls.values()]
    checks.facts["the mind"] = f"asked {sum(calls)} times about {len(calls)} requests, at most {max(calls, default=0)} about one"
    responses = {i.body["request_id"].lower(): i.body for i in stored.items["response"]}
    wrong = []
    for cause, sent in house.observer.commands.items():
        decided = [c["payload"] for c in responses.get(cause.lower(), {}).get("downstream_commands", [])]
        payloads = [payload for _, payload in sent]
        if payloads != decided[:len(payloads)]:
            wrong.append(f"{cause}: sent {payloads} @{[round(at, 2) for at, _ in sent]}, decided {decided}, asked "
                         f"{len(house.mind.asked(cause))} times")
    checks("commands", "commands left at most once, and only those that the stored decision holds", wrong)
    checks.counts["wrongly commanded"] += len(wrong)
    checks.facts["commands sent"] = sum(len(sent) for sent in house.observer.commands.values())


async def check_alive(checks, house, left):
    """Nobody ended by himself, nothing is left undone, memory is bounded."""
    checks("alive", "nobody ended by himself", house.ended_by_themselves)
    checks("stuck", "everything comes to rest", [f"streams, readers, rows: {left}"] if left else [])
    for name in ("thalamus", "hippocampus", "cognition-bridge"):
        answer = await house.observer.wire.statistics(name, timeout=120)
        checks("alive", f"{name} answers", [] if answer else ["nothing came within 120 s"])
        waiting = (answer or {}).get("data", {}).get("unacknowledged")
        checks("stuck", f"{name} waits for no acknowledgement", [waiting] if waiting else [])
    for process in house.processes:
        sizes = [size for _, _, size in process.memory]
        ours = process not in (house.nats, house.postgres)
        checks.facts[f"memory of {process.name}"] = (f"{max(sizes, default=0) // 1024} MiB at most, "
                                                     f"{(sizes or [0])[-1] // 1024} MiB at the end")
        if ours:
            checks("memory", f"{process.name} stays below {MEMORY // 1024} MiB",
                   [f"{max(sizes) // 1024} MiB"] if max(sizes, default=0) > MEMORY else [])


def recoveries(house, stored):
    """How long after each start or continuation its work came out again, where nothing else was hit before:
    process → (median, 90 %, longest, how often)."""
    moments = {kind: sorted(times) for kind, times in house.observer.moments.items()}
    moments["row"] = sorted(row[1].timestamp() - house.begun for kind in ("transition", "response") for row in stored.rows[kind])
    proof = {"bridge": "response", "hippocampus": "row", "postgres": "row"}
    hits = [e["t"] for e in house.events if e["what"] in ("kill", "stop", "term")]
    found = collections.defaultdict(list)
    for event in house.events:
        if event["what"] in ("start", "cont") and event["t"] > 5:
            after = next((t for t in moments.get(proof.get(event["target"], "transition"), []) if t > event["t"] + 0.005), None)
            if after is not None and not any(event["t"] < hit < after for hit in hits):
                found[event["target"].rstrip("0123456789")].append(after - event["t"])
    return {name: (statistics.median(times), sorted(times)[int(len(times) * 0.9)], max(times), len(times))
            for name, times in sorted(found.items())}

"""Counts what holds and what does not, and checks what is stored."""
import collections

from stored import KINDS


class Checks:
    """Each check names a rule and what it found against it; nothing found is passed. Facts are shown, and not judged."""

    def __init__(self):
        self.passed, self.failures, self.facts = 0, [], {}
        # What the table of the report counts.
        self.counts = collections.Counter()

    def __call__(self, rule, claim, wrong):
        wrong = list(wrong)
        if wrong:
            shown = "; ".join(str(w) for w in wrong[:8]) + (" …" if len(wrong) > 8 else "")
            self.failures.append((rule, claim, f"{len(wrong)}: {shown}"))
        else:
            self.passed += 1
        return not wrong


def check_persisted(checks, house, stored):
    """Streams and PostgreSQL hold the same, once; what was said is stored unless its sender died, or another sender was
    before it."""
    heard = house.observer.heard
    for kind in KINDS:
        names = stored.names[kind]
        rows = collections.Counter(row[0] for row in stored.rows[kind])
        twice = [name for name, count in (names | rows).items() if count > 1]
        missing, extra = set(names) - set(rows), set(rows) - set(names)
        checks("persisted", f"no {kind} is stored twice", twice)
        checks("persisted", f"each {kind} of the streams is in PostgreSQL", missing)
        checks("persisted", f"each {kind} in PostgreSQL is in a stream", extra)
        gone = {name for what, name in house.observer.acknowledged if what == kind and name not in names}
        checks("persisted", f"each {kind} that nats-server acknowledged is in its stream", gone)
        sender = "bridge" if kind in ("response", "act") else "thalamus"
        unstored = {name: at for name, (at, _) in heard[kind].items()
                    if name not in names and (kind, name) not in house.observer.superseded}
        unexplained = [f"{name}@{at:.2f}" for name, at in unstored.items() if not house.died(sender, at)]
        checks("outbox", f"each {kind} that was said is stored, where its sender lived on", unexplained)
        checks.counts["decided"] += len(set(heard[kind]) | set(names))
        checks.counts["stored"] += len(names)
        checks.counts["persisted"] += len(rows)
        checks.counts["lost"] += len(missing) + len(gone) + len(unexplained)
        checks.counts["doubled"] += len(twice)
        checks.facts[f"{kind}s"] = (f"{len(set(heard[kind]) | set(names))} decided, {len(names)} stored, {len(rows)} persisted, "
                                    f"{len(unstored) - len(unexplained)} died with their sender before they were stored")
    checks.facts["given up, since another had judged the gate"] = len(
        [name for kind, name in house.observer.superseded if kind == "transition" and name not in stored.names[kind]])
    checks("persisted", "the hippocampus refused nothing", stored.rejected)
    checks("persisted", "nothing was rejected on the bus", house.observer.rejects)
    checks.facts["openings that carry their collapse"] = f"{stored.carried} of {len(stored.openings)}"


def check_complete(checks, house, stored):
    """Opening ⇔ collapse ⇔ request ⇔ response, by messages and by rows; decisions with commands have their act."""
    openings = {i.name: i for i in stored.openings}
    about = lambda name: (f"{openings[name].body['gate_id']}@{openings[name].at / 1e9 - house.begun:.2f}"
                          if name in openings else name)
    links = {
        "collapse of each opening": (set(openings), [(o, c) for c, o in stored.collapse_of]),
        "request of each collapse": (set(stored.names["collapse"]), [(c, r) for r, c in stored.request_of]),
        "response of each request": (set(stored.names["request"]),
                                     [(i.body["request_id"].lower(), i.name) for i in stored.items["response"]]),
        "row of the collapse of each opening": (set(openings), [(row[2], row[0]) for row in stored.rows["collapse"]]),
        "row of the request of each collapse": ({row[0] for row in stored.rows["collapse"]},
                                                [(row[2], row[0]) for row in stored.rows["request"]]),
        "row of the response of each request": ({row[0] for row in stored.rows["request"]},
                                                [(row[2], row[0]) for row in stored.rows["response"]]),
    }
    for title, (left, pairs) in links.items():
        found = collections.defaultdict(set)
        for one, other in pairs:
            found[one].add(other)
        # A message that was set aside is kept, and has no response.
        bare = [about(name) for name in left if name not in found and not ("response" in title and name in stored.aside)]
        checks("complete", f"there is a {title}", bare)
        checks("complete", f"there is one {title}", [about(name) for name, others in found.items() if len(others) > 1])
        checks("complete", f"no {title} is without the first", [about(name) for name in found if name not in left])
        if not title.startswith("row"):
            checks.counts["incomplete"] += len(bare)
    checks.facts["set aside, since the bridge was killed three times with it"] = len(stored.aside)
    responses = {i.body["request_id"].lower(): i.body for i in stored.items["response"]}
    acts = collections.Counter(i.body["request_id"].lower() for i in stored.items["act"])
    commanding = {name for name, body in responses.items() if body.get("downstream_commands")}
    checks("acts", "each decision with commands has its act", commanding - set(acts))
    checks("acts", "each act belongs to a decision with commands", set(acts) - commanding)
    checks.facts["what responses said"] = dict(collections.Counter(f"{b['outcome']}/{b['boundary']}" for b in responses.values()))
    checks.facts["what became of commands"] = dict(collections.Counter(i.body["outcome"] for i in stored.items["act"]))

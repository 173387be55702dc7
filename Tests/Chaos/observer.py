"""Hears what is said on the bus, stored or not, and plays the motor that is sent commands."""
import collections
import json
import uuid

from times import named, rfc3339
from wire import Wire

# JetStream's number of a refusal: the last message of the subject is another than its sender knew.
WRONG_LAST_SEQUENCE = 10071
# What of a message tells it from every other of its kind: in its body, else the id of the message.
IDENTITY = {"collapse": "collapse_id", "request": "request_id"}


def kind_of(subject):
    """The kind of a stored message by its subject; tokens behind it name a sender."""
    tokens = subject.split(".")
    for kind in ("transition", "collapse", "request", "response", "act"):
        if kind in tokens[2:]:
            return kind
    return None


def identity(kind, message):
    """The name by which a message of a kind is counted once."""
    key = IDENTITY.get(kind)
    return (message["body"][key] if key else message["header"]["message_id"]).lower()


def carried(message):
    """What an opening carries (protocol 2.1): its collapse, and the id of its request where one goes up; else None."""
    body = message["body"]
    collapse = body.get("collapse") if body.get("to_state") == "open" else None
    if not collapse:
        return None, None
    collapse_id = collapse["collapse_id"].lower()
    return collapse_id, named(f"request/{collapse_id}") if body.get("escalation") else None


class Observer:
    """What was heard of each kind: identity → [time of the first, how often]."""

    def __init__(self, house):
        self.house = house
        self.heard = collections.defaultdict(dict)
        # When each kind was heard, for how long work took to come back.
        self.moments = collections.defaultdict(list)
        self.openings = collections.Counter()
        self.acknowledged, self._replies = set(), {}
        # What a stream did not take since somebody else had stored a later one of its subject: (kind, identity).
        self.superseded, self._carried = set(), {}
        self.commands = collections.defaultdict(list)
        self.rejects = []
        self.wire = Wire(house.nats_port, "observer", house.password)
        for subject in ("dev.nervous.gates.*.transition", "dev.nervous.thalamus.collapse", "dev.cognitive.bridge.>"):
            self.wire.subscribe(subject, self._hear)
        self.wire.subscribe("_INBOX.>", self._acknowledge)
        self.wire.subscribe("dev.nervous.rejects.>", lambda subject, *_: self.rejects.append(subject))
        self.wire.subscribe("dev.nervous.cells.motor.request", self._move)
        self.wire.subscribe("dev.nervous.cells.motor.request.*", self._move)
        self.wire.start()

    async def thalamus(self):
        """What the thalamus says about itself."""
        answer = await self.wire.statistics("thalamus", 20)
        if answer is None:
            raise RuntimeError("the thalamus does not answer")
        return answer["data"]

    def _hear(self, subject, reply, headers, payload):
        kind = kind_of(subject)
        if kind is None or kind == "act":
            return
        message, now = json.loads(payload), self.house.age()
        self._count(kind, identity(kind, message), now)
        if reply:
            self._replies[reply] = (kind, identity(kind, message))
        if kind == "transition":
            if message["body"]["to_state"] == "open":
                self.openings[message["body"]["gate_id"]] += 1
            self._carried[identity(kind, message)] = carried(message)
            for part, name in zip(("collapse", "request"), carried(message)):
                if name:
                    self._count(part, name, now)

    def _count(self, kind, name, now):
        known = self.heard[kind].setdefault(name, [now, 0])
        known[1] += 1
        self.moments[kind].append(now)

    def _acknowledge(self, subject, reply, headers, payload):
        asked = self._replies.pop(subject, None)
        if asked and payload.startswith(b"{"):
            answer = json.loads(payload)
            if answer.get("seq") and not answer.get("error"):
                self.acknowledged.add(asked)
            elif answer.get("error", {}).get("err_code") == WRONG_LAST_SEQUENCE:
                self.superseded.add(asked)
                self.superseded.update(zip(("collapse", "request"), self._carried.get(asked[1], ())))

    def _move(self, subject, reply, headers, payload):
        command = json.loads(payload)["body"]
        self.commands[command["cause"]].append((self.house.age(), command["payload"]))
        if reply:
            us = int((self.house.begun + self.house.age()) * 1e6)
            done = {"header": {"message_id": str(uuid.uuid4()), "message_type": "CommandResult", "version": "2.0",
                               "timestamp": rfc3339(us), "source": {"entity_id": "motor", "entity_type": "cell"}},
                    "body": {"status": "ok", "result": {}}}
            self.wire.publish(reply, json.dumps(done).encode())

"""What is left of a run: the messages of the streams, and the rows of PostgreSQL."""
import asyncio
import collections
import time

import psycopg

from observer import carried, identity, kind_of
from times import nanoseconds

KINDS = ("transition", "collapse", "request", "response", "act")
STREAMS = ("TRANSITIONS", "ESCALATIONS", "DECISIONS")
TABLES = {
    "transition": "select message_id::text, stored_at from gate_transitions",
    "collapse": "select collapse_id::text, stored_at, transition_id::text from collapses",
    "request": "select request_id::text, stored_at, collapse_id::text from cognitive_requests",
    "response": "select message_id::text, stored_at, request_id::text from cognitive_responses",
    "act": "select message_id::text, stored_at, request_id::text from decision_acts",
}
TOTAL = ("select " + " + ".join(f"(select count(*) from {query.split(' from ')[1]})" for query in TABLES.values()) +
         ", (select count(*) from gates where state <> 0)")


class Item:
    """A stored message."""

    def __init__(self, found):
        self.stream, self.sequence, self.stored = found["stream"], found["sequence"], found["stored"]
        self.message, self.body = found["message"], found["message"]["body"]
        self.kind = kind_of(found["subject"])
        self.name = identity(self.kind, self.message)

    @property
    def at(self):
        """A transition's time, in nanoseconds."""
        return nanoseconds(self.body["at"])


class Stored:
    """Everything that is stored. A collapse or request is one whether it is a message of its own (2.0) or carried (2.1)."""

    @classmethod
    async def read(cls, house):
        found = [item for name in STREAMS for item in await house.observer.wire.read_stream("DEV-" + name)]
        stored = cls()
        stored.items = collections.defaultdict(list)
        for item in map(Item, (f for f in found if kind_of(f["subject"]))):
            stored.items[item.kind].append(item)
        # kind → identity → how often it is stored in one form
        stored.names = {kind: collections.Counter(i.name for i in stored.items[kind]) for kind in KINDS}
        stored._unfold()
        stored.aside = await cls._aside(house)
        stored.rows = {kind: house.rows(query) for kind, query in TABLES.items()}
        stored.gates = house.rows("select gate_id, state, transitions, openings from gates")
        stored.rejected = house.rows("select subject, reason from rejected_messages")
        return stored

    @staticmethod
    async def _aside(house):
        """The requests of openings that were set aside, since their bridge was killed three times with them (decision 0014)."""
        if "error" in await house.observer.wire.api("STREAM.INFO.DEV-ASIDE"):
            return set()  # Nothing was ever set aside.
        found = await house.observer.wire.read_stream("DEV-ASIDE")
        return {carried(item["message"])[1] for item in found} - {None}

    def _unfold(self):
        """Which collapse belongs to which opening, and which request to which collapse: [(collapse, opening)], …"""
        self.collapse_of = {(i.name, i.body["transition_id"].lower()) for i in self.items["collapse"]}
        self.request_of = {(i.name, i.body["collapse_id"].lower()) for i in self.items["request"]}
        carriers = collections.defaultdict(collections.Counter)
        for opening in self.openings:
            collapse, request = carried(opening.message)
            if collapse:
                self.collapse_of.add((collapse, opening.name))
                carriers["collapse"][collapse] += 1
            if request:
                self.request_of.add((request, collapse))
                carriers["request"][request] += 1
        self.carried = sum(carriers["collapse"].values())
        for kind, counts in carriers.items():
            for name, count in counts.items():
                self.names[kind][name] = max(self.names[kind][name], count)

    @property
    def openings(self):
        return [i for i in self.items["transition"] if i.body["to_state"] == "open"]

    def by_gate(self):
        """Gate → its transitions in the order of the stream."""
        found = collections.defaultdict(list)
        for item in sorted(self.items["transition"], key=lambda i: i.sequence):
            found[item.body["gate_id"]].append(item)
        return found


async def settle(house, patience):
    """Waits until streams, readers and rows stand still and nothing is open; what is open when nothing has moved for so many
    seconds. However slow the machine is, what still moves is waited for."""
    last, moved, quiet, end = None, time.monotonic(), 0, time.monotonic() + 10 * patience
    while True:
        await asyncio.sleep(1)
        try:
            state, left = [], 0
            for name in STREAMS:
                info = await house.observer.wire.api(f"STREAM.INFO.DEV-{name}")
                state.append((name, info["state"]["messages"]))
                readers = await house.observer.wire.api(f"CONSUMER.LIST.DEV-{name}")
                for info in readers["consumers"]:
                    if info["config"].get("durable_name"):
                        state.append((info["name"], info["num_pending"], info["num_ack_pending"]))
                        left += info["num_pending"] + info["num_ack_pending"]
            rows, unreleased = house.rows(TOTAL)[0]
            state.append(("gates that are not stable", unreleased))
            now = (state, left + unreleased, rows)
        except (asyncio.TimeoutError, psycopg.Error, KeyError):
            now = None
        quiet = quiet + 1 if now is not None and now == last and now[1] == 0 else 0
        if quiet >= 4:
            return None
        if now is not None and now != last:
            last, moved = now, time.monotonic()
        if time.monotonic() - moved > patience or time.monotonic() > end:
            return last or "no server answers"

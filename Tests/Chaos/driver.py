"""Cells that speak by a script: which of their regions open follows from the gate's mathematics."""
import asyncio
import json
import random
import time
import uuid

from times import rfc3339

# kind: (regions, window ms, half-life ms, seconds from one episode to the next)
KINDS = {
    "pair": (18, 400, 300, 2.4), "trio": (6, 400, 300, 2.8), "weak": (4, 400, 300, 3.0), "slow": (4, 400, 8000, 3.0),
    "deny": (4, 400, 300, 2.6), "solo": (4, 400, 300, 1.2), "twin": (4, 400, 300, 1.2), "apart": (4, 400, 300, 2.4)}
# Controls: a denial, one origin that speaks often, two cells of one origin, two that speak too far apart.
NEVER = {"deny", "solo", "twin", "apart"}


class Region:
    """One region and its cells; what was sent, episode by episode."""

    def __init__(self, kind, number):
        self.kind, self.name, self.gate = kind, f"{kind}.r{number}", f"{kind}--r{number}"
        _, self.window, self.half_life, self.pause = KINDS[kind]
        self.episodes = []

    def script(self, rng):
        """What an episode is: [(milliseconds to wait, cell, origin, confidence, polarity)]."""
        kind, who, gap = self.kind, self.name.replace(".", "-"), rng.uniform
        if kind in ("pair", "slow"):
            return [(0, f"{who}-a", "a", 0.9, 1), (gap(2, 120), f"{who}-b", "b", 0.9, 1)]
        if kind == "trio":
            return [(0, f"{who}-a", "a", 0.9, 1), (gap(2, 60), f"{who}-b", "b", 0.7, 1),
                    (gap(1, 60), f"{who}-c", "c", 0.8, 1)]
        if kind == "weak":
            return [(0 if i == 0 else gap(2, 12), f"{who}-{c}", c, 0.35, 1) for i, c in enumerate("abcd")]
        if kind == "deny":
            return [(0, f"{who}-a", "a", 0.9, 1), (gap(2, 60), f"{who}-b", "b", 0.9, -1)]
        if kind == "solo":
            return [(0 if i == 0 else gap(1, 150), f"{who}-a", "a", 0.97, 1) for i in range(5)]
        if kind == "twin":
            return [(0, f"{who}-a", "same", 0.97, 1), (gap(1, 100), f"{who}-b", "same", 0.97, 1)]
        return [(0, f"{who}-a", "a", 0.95, 1), (gap(450, 800), f"{who}-b", "b", 0.95, 1)]


def speakers(scale=1.0, floods=False):
    """Cell → the origins that it names, of all that a house may hear: its drivers', and those of soak.py's latencies and floods."""
    regions = [Region(kind, i) for kind, row in KINDS.items() for i in range(max(1, round(row[0] * scale)))]
    found = {}
    for region in regions + [Region("pair", 1000 + i) for i in range(40 if floods else 0)]:
        for _, cell, origin, _, _ in region.script(random.Random(1)):
            found.setdefault(cell, set()).add(f"{region.gate}-{origin}")
    for cells, domain, name in ((8, "soak", "flood"), (1000, "crowd", "crowd")) if floods else ():
        found |= {f"{name}-{i}": {f'"{domain}-o*"'} for i in range(cells)}
    return found


class Driver:
    """All regions; each repeats its episode until it is told to stop."""

    def __init__(self, wire, rng, scale=1.0):
        self.wire = wire
        self.regions = [Region(kind, i) for kind, row in KINDS.items() for i in range(max(1, round(row[0] * scale)))]
        self.seeds = [rng.random() for _ in self.regions]
        self.sent, self.running, self.tasks = 0, False, []

    def of(self, kind):
        return [region for region in self.regions if region.kind == kind]

    def start(self):
        self.running = True
        self.tasks = [asyncio.create_task(self._live(region, random.Random(seed)))
                      for region, seed in zip(self.regions, self.seeds)]

    async def stop(self):
        self.running = False
        await asyncio.gather(*self.tasks)

    async def _live(self, region, rng):
        await asyncio.sleep(rng.uniform(0, region.pause))
        while self.running:
            begun = time.monotonic()
            await self.episode(region, rng)
            end = begun + region.pause * rng.uniform(0.9, 1.3)
            while self.running and (left := end - time.monotonic()) > 0:
                await asyncio.sleep(min(left, 0.3))

    async def episode(self, region, rng):
        """Sends one episode. It counts as delivered when there was a connection for every wave."""
        episode = {"number": len(region.episodes) + 1, "waves": [], "delivered": True}
        region.episodes.append(episode)
        for delay, cell, origin, confidence, polarity in region.script(rng):
            if delay:
                await asyncio.sleep(delay / 1000)
            us = time.time_ns() // 1000
            message = {
                "header": {"message_id": str(uuid.uuid4()), "message_type": "WaveSignal", "version": "2.0",
                           "timestamp": rfc3339(us),
                           "source": {"entity_id": cell, "entity_type": "cell", "garden": "real", "tier": 1}},
                "body": {"domain": region.kind, "region": region.name, "confidence": confidence,
                         "semantic_content": {"episode": f"{region.name}/{episode['number']}"}, "lifeforce_cost": 0.1,
                         "polarity": polarity, "origin": f"{region.gate}-{origin}"}}
            sent = self.wire.publish(f"dev.nervous.cells.{cell}.wave", json.dumps(message).encode())
            episode["waves"].append((us, origin, confidence, polarity))
            episode["delivered"] &= sent
            self.sent += sent

#!/usr/bin/env python3
"""A load: waves of many cells, gates that open and close by what the thalamus reports of them, with their collapses.

    waves.py nats://127.0.0.1:4222 [--rate 5000] [--seconds 60] [--cells 200] [--gates 40] [--count N] [--group N]
"""
import argparse
import asyncio
import json
import math
import time

import nats


def rfc3339(moment):
    whole = int(moment)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((moment - whole) * 1000):03}Z"


class Load:
    def __init__(self, client, cells, gates, group=0):
        self.client, self.cells, self.gates, self.group, self.number = client, cells, gates, group, 0
        self.open = [False] * gates

    def region(self, gate):
        return f"b{gate // self.group}-r{gate:02}" if self.group else f"r{gate:02}"

    def identity(self):
        self.number += 1
        return f"019d0000-0000-7000-8000-{self.number:012x}"

    def header(self, kind, entity, at, role="thalamus"):
        identity = self.identity()
        return identity, {"message_id": identity, "message_type": kind, "version": "2.0", "timestamp": at,
                          "source": {"entity_id": entity, "entity_type": role, "garden": "real", "tier": 1}}

    async def send(self, subject, kind, body, entity="thalamus"):
        identity, header = self.header(kind, entity, body.get("at") or rfc3339(time.time()))
        await self.client.publish(subject, json.dumps({"header": header, "body": body}).encode())
        return identity

    async def wave(self, index, at):
        cell, gate = index % self.cells, index % self.gates
        value = 0.5 + 0.45 * math.sin(index * 0.013 + cell)
        await self.client.publish(f"dev.nervous.cells.c{cell:03}.wave", (
            f'{{"header":{{"message_id":"{self.identity()}","message_type":"WaveSignal","version":"2.0","timestamp":"{at}","source":'
            f'{{"entity_id":"c{cell:03}","entity_type":"cell","garden":"real","tier":1}}}},"body":{{"domain":"{self.region(gate)}","confidence":{value:.3f},'
            f'"semantic_content":{{"value":{index}}},"lifeforce_cost":0.1}}}}').encode())

    async def turn(self, gate):
        """One gate changes its state; an opening has a collapse."""
        now, name = rfc3339(time.time()), self.region(gate)
        opens = self.open[gate] = not self.open[gate]
        cells = [f"c{c:03}" for c in range(gate, self.cells, self.gates)][:2]
        signals = [{"source": c, "origin": c, "confidence": 0.8, "polarity": 1, "timestamp": now, "push": 0.3} for c in cells]
        identity = await self.send(f"dev.nervous.gates.{name}.transition", "GateTransition", {
            "gate_id": name, "domain": name, "region": name, "from_state": "stable" if opens else "open", "to_state": "open" if opens else "stable",
            "state_value": 0.6 if opens else 0.2, "weight": 0.1, "correlation_score": 1 if opens else 0, "trigger_signals": signals if opens else [],
            "routed_to_tier": 2, "lifeforce_cost": 0.2, "at": now})
        if opens:
            await self.send("dev.nervous.thalamus.collapse", "Collapse", {
                "collapse_id": self.identity(), "region": name, "gate_id": name, "transition_id": identity, "confidence": 0.9, "window_start": now,
                "window_end": now, "witnesses": [{"source": c, "origin": c, "confidence": 0.8, "similarity": 1, "semantic_content": {"value": 1}} for c in cells]})

    async def report(self, rate):
        rising = [{"gate_id": self.region(g), "region": self.region(g), "state": "open" if self.open[g] else "stable", "potential": 0.3, "weight": 0.1,
                   "witnesses": 2, "open_threshold": 0.5, "close_threshold": -0.5, "release_fraction": 0.5} for g in range(self.gates)]
        await self.send("dev.nervous.thalamus.attention", "Attention", {
            "mode": "FOCUSED", "open_gates": [self.region(g) for g in range(self.gates) if self.open[g]], "rising_gates": rising, "regions": self.gates,
            "waves_per_second": rate, "waves": self.number, "openings": 0, "collapses": 0, "escalations": 0, "rejected": 0, "lost": 0})

    async def run(self, rate, count):
        begun, sent, turned, reported = time.monotonic(), 0, 0, -1
        while sent < count:
            age = time.monotonic() - begun
            at = rfc3339(time.time())
            for index in range(sent, min(count, int(age * rate) + 1)):
                await self.wave(index, at)
                sent = index + 1
            # Five changes of a gate each second.
            while turned < age * 5:
                await self.turn(turned // 2 * 7 % self.gates)
                turned += 1
            if int(age) > reported:
                reported = int(age)
                await self.report(rate)
                print(f"sent {sent}", flush=True)
            await asyncio.sleep(0.005)
        await self.client.flush()
        print(f"all {sent} in {time.monotonic() - begun:.1f} s", flush=True)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=5000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--gates", type=int, default=40)
    parser.add_argument("--count", type=int)
    parser.add_argument("--group", type=int, default=0, help="names of so many regions each begin alike: b0-r00, b0-r01, …")
    options = parser.parse_args()
    client = await nats.connect(options.url, name="load", pending_size=64 << 20)
    await Load(client, options.cells, options.gates, options.group).run(options.rate, options.count or int(options.rate * options.seconds))
    await client.close()


if __name__ == "__main__":
    asyncio.run(main())

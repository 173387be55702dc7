#!/usr/bin/env python3
"""A cell in another language: publishes waves as docs/protocol describes them, with nothing but nats-py.

    foreign_cell.py nats://127.0.0.1:4222 dev math=0.6 calculate=0.5 [--repeat N] [--interval SECONDS]
    foreign_cell.py tls://nats:4222 prod door=0.6 --key door.nk --ca ca.pem

Each NAME=CONFIDENCE is a cell of its own, and by that an origin of its own.
"""
import argparse
import asyncio
import datetime
import json
import ssl
import uuid

import nats


def wave(cell: str, confidence: float) -> bytes:
    now = datetime.datetime.now(datetime.timezone.utc)
    message = {
        "header": {
            "message_id": str(uuid.uuid4()),
            "message_type": "WaveSignal",
            "version": "2.0",
            "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "source": {"entity_id": f"{cell}-foreign", "entity_type": "cell", "garden": "virtual", "tier": 1},
        },
        "body": {
            "domain": cell,
            "confidence": confidence,
            "semantic_content": {"operation": "addition", "operands": [15, 27]},
            "lifeforce_cost": 0.1,
        },
    }
    return json.dumps(message).encode()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("env")
    parser.add_argument("waves", nargs="+", metavar="NAME=CONFIDENCE")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--interval", type=float, default=0.0)
    parser.add_argument("--key", help="what `nimmer auth generate` wrote for this cell")
    parser.add_argument("--ca", help="the certificate of the authority of the server's")
    parser.add_argument("--tls-name", help="the server's name, where the address has another")
    options = parser.parse_args()
    waves = [(name, float(confidence)) for name, _, confidence in (w.partition("=") for w in options.waves)]

    identity = {}
    if options.key:
        seed, _, inbox = open(options.key).read().split()
        identity = {"nkeys_seed_str": seed, "inbox_prefix": inbox.encode()}
    if options.ca:
        identity["tls"] = ssl.create_default_context(cafile=options.ca)
        identity["tls_hostname"] = options.tls_name
    client = await nats.connect(options.url, name="foreign-cell", **identity)
    for _ in range(options.repeat):
        for name, confidence in waves:
            await client.publish(f"{options.env}.nervous.cells.{name}.wave", wave(name, confidence))
        await asyncio.sleep(options.interval)
    await client.drain()
    print(f"sent {options.repeat * len(waves)}")


asyncio.run(main())

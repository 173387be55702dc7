#!/usr/bin/env python3
"""Sends waves as fast as a connection takes them, with the time at which each leaves. A program of its own, for soak.py.

    flood.py --port 4222 --waves 1000000 --regions 64 --origins 8

Every sender of `--cells` speaks of regions in turn; the origins are dealt out over them. With --follow it stays at most so many
waves ahead of what the thalamus says that it has heard, so that nothing is dropped on the way. Prints how many were sent and the
seconds that it took.
"""
import argparse
import json
import random
import socket
import time

from times import rfc3339
from wire import USER

# Stands where the time of a wave goes, and is as long as one.
MARK = b"@@@@@@@@@@@@@@@@@@@@@@@@@@@"


class Connection:
    """A blocking connection to a nats-server."""

    def __init__(self, port, password=None):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.buffer, self.inbox, self.asked = b"", "_INBOX.flood.1", 0
        self.line()
        hello = {"verbose": False, "pedantic": False, "name": "flood"} | ({"user": USER, "pass": password} if password else {})
        self.socket.sendall(f"CONNECT {json.dumps(hello)}\r\nSUB {self.inbox} 1\r\n".encode())
        self.flush()

    def line(self):
        while b"\r\n" not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server has gone")
        self.buffer += data

    def _payload(self, line):
        """The payload of a message, or None for anything else."""
        words = line.split()
        if words[0] != b"MSG":
            if words[0] == b"PING":
                self.socket.sendall(b"PONG\r\n")
            return None
        size = int(words[-1])
        while len(self.buffer) < size + 2:
            self._more()
        payload, self.buffer = self.buffer[:size], self.buffer[size + 2:]
        return payload

    def flush(self):
        """Returns when the server has taken everything."""
        self.socket.sendall(b"PING\r\n")
        while (line := self.line()) != b"PONG":
            self._payload(line)

    def statistics(self, name):
        """What a process says about itself."""
        subject = f"$SRV.STATS.{name}".encode()
        self.socket.sendall(b"PUB %s %s 0\r\n\r\n" % (subject, self.inbox.encode()))
        while True:
            payload = self._payload(self.line())
            if payload is not None:
                return json.loads(payload)


def blocks(options):
    """Waves as bytes, so many a block, without their time."""
    rng = random.Random(options.seed)
    combinations = max(options.regions, options.origins, 1)
    count = min(max(combinations, options.block), 400_000)
    made = []
    for start in range(0, count, options.block):
        parts = []
        for i in range(start, min(count, start + options.block)):
            cell = f"{options.cell}-{i % options.cells}"
            region = f"{options.domain}.r{i % options.regions}"
            origin = f'"origin":"{options.domain}-o{i * 7 % options.origins}",'.encode() if options.origins else b""
            # Mostly calm; now and then one speaks loudly, alone.
            confidence = options.confidence or (0.9 if rng.random() < 0.02 else round(rng.uniform(0.01, 0.15), 3))
            wave = (b'{"header":{"message_id":"550e8400-e29b-41d4-a716-446655440000","message_type":"WaveSignal","version":"2.0",'
                    b'"timestamp":"' + MARK + b'","source":{"entity_id":"' + cell.encode() + b'","entity_type":"cell","garden":'
                    b'"real","tier":1}},"body":{"domain":"' + options.domain.encode() + b'","region":"' + region.encode() +
                    b'",' + origin + b'"confidence":' + str(confidence).encode() +
                    b',"semantic_content":{"value":17.25,"unit":"bar"},"lifeforce_cost":0.1}}')
            parts.append(f"PUB dev.nervous.cells.{cell}.wave {len(wave)}\r\n".encode() + wave + b"\r\n")
        made.append((len(parts), b"".join(parts)))
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True, help="the nats-server's")
    parser.add_argument("--password", help="of the harness's own user, where the server asks for one")
    parser.add_argument("--waves", type=int, default=0, help="how many; 0: until it is killed")
    parser.add_argument("--seconds", type=float, default=0, help="for so long; 0: as many as --waves says")
    parser.add_argument("--cell", default="flood", help="the beginning of the senders' names")
    parser.add_argument("--domain", default="soak", help="what the waves are about")
    parser.add_argument("--cells", type=int, default=8, help="how many senders")
    parser.add_argument("--regions", type=int, default=64, help="how many regions")
    parser.add_argument("--origins", type=int, default=8, help="how many origins, which the system file must grant; 0: each sender is its own")
    parser.add_argument("--confidence", type=float, default=0, help="of every wave; 0: mostly calm, seldom loud")
    parser.add_argument("--block", type=int, default=2000, help="waves in one write")
    parser.add_argument("--rate", type=float, default=0, help="waves a second at most; 0: as fast as it goes")
    parser.add_argument("--follow", type=int, default=0, help="at most so many ahead of the thalamus; 0: do not wait for it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    made, connection, sent, begun = blocks(options), Connection(options.port, options.password), 0, time.monotonic()
    heard = (lambda: connection.statistics("thalamus")["data"]["waves_in"]) if options.follow else (lambda: 0)
    first = heard()
    while (not options.waves or sent < options.waves) and (not options.seconds or time.monotonic() - begun < options.seconds):
        count, block = made[(sent // options.block) % len(made)]
        connection.socket.sendall(block.replace(MARK, rfc3339(time.time_ns() // 1000).encode()))
        sent += count
        if options.rate and (ahead := sent / options.rate - (time.monotonic() - begun)) > 0:
            time.sleep(ahead)
        if options.follow and sent % (options.block * 10) < count:
            while sent - (heard() - first) > options.follow and heard() > 0:
                time.sleep(0.01)
    connection.flush()
    print(json.dumps({"sent": sent, "seconds": round(time.monotonic() - begun, 3)}), flush=True)


if __name__ == "__main__":
    main()

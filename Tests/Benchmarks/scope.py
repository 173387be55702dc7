"""What the oscilloscope costs: `nimmer wave tail` on a real pseudo-terminal and a real server, at 5,000 waves a second.

Processor time is the process's own (user and system), of one core; bytes and frames are what came out of the terminal."""
import fcntl
import json
import math
import os
import pty
import random
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time

REGIONS = ["math", "vision", "plan", "speech", "pump", "valve", "door", "heart"]
RATE = 5000


def messages():
    """Waves of eight regions whose confidence swings, and now and then spikes; each with the subject it goes to."""
    chance = random.Random(7)
    out = []
    for n in range(4096):
        region = REGIONS[n % len(REGIONS)]
        confidence = min(1, max(0, 0.45 + 0.35 * math.sin(n / 300 + n % 8) + chance.gauss(0, 0.05) + (chance.random() < 0.003)))
        wave = dict(
            header=dict(message_id="00000000-0000-7000-8000-%012d" % n, message_type="WaveSignal", version="2.0",
                        timestamp="2026-02-14T18:30:00.000Z",
                        source=dict(entity_id=region, entity_type="cell", garden="real", tier=1)),
            body=dict(domain=region, confidence=round(confidence, 3), lifeforce_cost=0.1,
                      semantic_content=dict(operation="addition", n=n)))
        text = json.dumps(wave).encode()
        out.append(b"PUB dev.nervous.cells.%s.wave %d\r\n%s\r\n" % (region.encode(), len(text), text))
    return out


def publish(url, count, rate, made=messages()):
    """Publishes so many waves at a steady rate; returns when the server has them all."""
    host, port = url.removeprefix("nats://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.recv(65536)
        wire.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\n')
        start, sent = time.monotonic(), 0
        while sent < count:
            due = min(count, int((time.monotonic() - start) * rate))
            if due > sent:
                wire.sendall(b"".join(made[n % len(made)] for n in range(sent, due)))
                sent = due
            time.sleep(0.01)
        wire.sendall(b"PING\r\n")
        while b"PONG" not in wire.recv(65536):
            pass


class Screen:
    """A nimmer at a pseudo-terminal, whose output is counted while it runs."""

    def __init__(self, command, columns, rows):
        self.bytes = self.frames = 0
        self.last = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8", NIMMERVERSE_ENV="dev")
            os.environ.pop("NO_COLOR", None)
            os.execv(command[0], command)
        self.reading = threading.Thread(target=self.read, daemon=True)
        self.reading.start()

    def read(self):
        while True:
            try:
                data = os.read(self.terminal, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.bytes += len(data)
            self.frames += data.count(b"\x1b[?2026h")
            self.last = (self.last + data)[-200_000:]

    def type(self, keys):
        os.write(self.terminal, keys)

    def whole_frame(self):
        """The text of a screen that is drawn from nothing."""
        self.last = b""
        self.type(b"\x0c")
        time.sleep(1.5)
        frame = self.last[self.last.find(b"\x1b[2J"):]
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", frame.decode("utf-8", "replace"))

    def processor(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024

    def quit(self):
        self.type(b"q")
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def scope(nimmer, server, row, seconds=15):
    """Rows for each size, for memory, and for idling."""
    for columns, rows in ((80, 24), (120, 36), (200, 60)):
        screen = Screen([nimmer, "wave", "tail", "--server", server.url], columns, rows)
        try:
            time.sleep(4)
            if columns == 200:
                used, out, start = screen.processor(), screen.bytes, time.monotonic()
                time.sleep(20)
                share = (screen.processor() - used) / (time.monotonic() - start) * 100
                row("the same with nothing to show but the time of day", "0 % of a core",
                    f"{share:.2f} %, {(screen.bytes - out) / 20:.0f} bytes/s", share < 0.25)
            publish(server.url, RATE * 2, RATE)
            used, out, frames = screen.processor(), screen.bytes, screen.frames
            start = time.monotonic()
            publish(server.url, RATE * seconds, RATE)
            took = time.monotonic() - start
            share = (screen.processor() - used) / took * 100
            frames, out = screen.frames - frames, screen.bytes - out
            wanted = "at most 10 % of a core" if columns == 200 else "none"
            row(f"the oscilloscope at {columns}x{rows}, {RATE:,} waves/s", wanted,
                f"{share:.1f} % of a core, {frames / took:.0f} frames/s of {out / max(1, frames):,.0f} bytes", columns != 200 or share <= 10)
            if columns == 200:
                time.sleep(1)
                total = RATE * (seconds + 2)
                text = screen.whole_frame()
                found = [n for n in re.findall(r"\d[\d,]*", text) if n.replace(",", "") == str(total)]
                lost = re.search(r"lost\s+([\d,]+)", text)
                lost = lost.group(1) if lost else "?"
                row("its counters after them", f"{total:,} waves, lost 0",
                    f"{total if found else 'another number of'} waves, lost {lost}", bool(found) and lost == "0")
                publish(server.url, 250_000, 4 * RATE)
                time.sleep(1)
                memory = screen.resident()
                row("the same with 200,000 waves kept", "at most 64 MiB", f"{memory:.1f} MiB", memory <= 64)
        finally:
            screen.quit()


if __name__ == "__main__":
    import sys

    class Given:
        url = sys.argv[2]
    scope(sys.argv[1], Given, lambda *columns: print(columns, flush=True), seconds=int(sys.argv[3]) if len(sys.argv) > 3 else 15)

"""One process of the system under test, and what is done to it."""
import asyncio
import ctypes
import glob
import os
import re
import signal
import subprocess
import time

libc = ctypes.CDLL("libc.so.6", use_errno=True)


def busy():
    """How many times as long things may take here: once, or as many times as there are processes for each processor."""
    return max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1) - 1)


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


class Process:
    """Is started again after a kill, and, which is a fault, after it ended by itself."""

    def __init__(self, house, name, command, environment=None, user=None, folder=None):
        self.house, self.name, self.command, self.environment = house, name, command, environment
        self.user, self.folder, self.log = user, folder, f"{house.folder}/{name}.log"
        self.child, self.is_wanted, self.busy, self.started = None, False, asyncio.Lock(), 0.0
        self.kills = self.starts = 0
        self.memory = []  # (time, number of the start, KiB)

    @property
    def is_alive(self):
        return self.child is not None and self.child.returncode is None

    async def start(self):
        with open(self.log, "ab") as log:
            log.write(f"=== start {self.starts + 1} at {time.time():.3f}\n".encode())
            log.flush()
            who = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
            self.child = await asyncio.create_subprocess_exec(
                *self.command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_parent, start_new_session=True, **who)
        self.is_wanted, self.started = True, time.monotonic()
        self.starts += 1
        self.house.note("start", self.name)
        asyncio.create_task(self._watch(self.child))

    async def _watch(self, child):
        status = await child.wait()
        if not self.is_wanted or self.child is not child or self.house.is_ending:
            return
        with open(self.log, "rb") as log:
            said = log.read().rpartition(b"=== start ")[2].decode(errors="replace").strip().split("\n")
        tail = said[-3:]
        # Children of the killed one that have not ended yet write into the same log.
        if "postgres" in self.name and any("still in use" in line or "lock file" in line for line in said):
            await asyncio.sleep(0.3)  # the killed postmaster's children are about to end
        else:
            self.house.ended_by_themselves.append(f"{self.name} with {status} @{self.house.age():.1f}: {' / '.join(tail)}")
            self.house.note("ended by itself", self.name, status=status)
            await asyncio.sleep(0.25)
        if not self.house.is_ending and self.is_wanted and self.child is child:
            await self.start()

    def family(self):
        """Its own id and those of its children: PostgreSQL's backends are stopped with it."""
        found = [self.child.pid]
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path) as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == self.child.pid:
                        found.append(int(path.split("/")[2]))
            except (OSError, IndexError):
                pass
        return found

    def send(self, number):
        stops = number in (signal.SIGSTOP, signal.SIGCONT)
        for pid in self.family() if stops and "postgres" in self.name else [self.child.pid]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    async def kill(self):
        """SIGKILL; returns when it is gone."""
        self.is_wanted = False
        if self.is_alive:
            self.send(signal.SIGKILL)
            self.kills += 1
            self.house.note("kill", self.name)
            await self.child.wait()

    async def terminate(self, number=signal.SIGTERM, grace=60):
        """Asks it to stop, and kills it after the grace."""
        self.is_wanted = False
        if not self.is_alive:
            return
        asked = time.monotonic()
        self.send(number)
        try:
            status = await asyncio.wait_for(self.child.wait(), grace)
        except asyncio.TimeoutError:
            self.house.ended_by_themselves.append(f"{self.name} had not stopped {grace} s after it was asked to")
            self.send(signal.SIGKILL)
            await self.child.wait()
            return
        self.house.note("term", self.name, status=status, seconds=round(time.monotonic() - asked, 2))
        # nats-server ends with 1; a process that has just begun has no handler yet.
        usual = ((0, 1) if self.name == "nats" else (0,)) + ((-number,) if asked - self.started < 2 else ())
        if status not in usual and not self.house.is_ending:
            self.house.ended_by_themselves.append(f"{self.name} was asked to stop @{self.house.age():.1f}, and ended with {status}")

    def sample(self):
        """Remembers its resident memory."""
        if not self.is_alive:
            return
        try:
            with open(f"/proc/{self.child.pid}/status") as file:
                resident = re.search(r"VmRSS:\s+(\d+)", file.read())
        except OSError:
            return
        if resident:
            self.memory.append((self.house.age(), self.starts, int(resident[1])))

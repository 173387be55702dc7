"""What a storm does, and when: a seed fixes all of it, before anything runs. Only how long the machine takes still varies."""
import dataclasses
import itertools
import random

# nemesis → weight. `debt`: nats-server, and soon after a client that it may owe an acknowledgement; `nats-kill` and `nats-stop`
# hit nats-server alone; `deaf`: in the server's place somebody listens who never says a word.
PROFILES = {
    "all": dict(kill=52, pair=16, debt=10, stop=7, term=6, burst=4, outage=2, deaf=2),
    "long": dict(kill=52, pair=16, debt=10, stop=7, term=6, burst=4, deaf=2),
    "kills": dict(kill=100),
    "pairs": dict(pair=60, debt=40),
    "terms": dict(term=100),
    "stops": dict(stop=100),
    "acts": {"nats-kill": 60, "nats-stop": 40},
}


@dataclasses.dataclass(frozen=True)
class Step:
    """After `wait` seconds something is done to processes; `seconds` are its own times (away, stopped, between two)."""
    wait: float
    what: str
    targets: tuple
    seconds: tuple

    def __str__(self):
        times = " ".join(f"{s:.2f}" for s in self.seconds)
        return f"{self.wait:6.2f}  {self.what:10} {' '.join(self.targets):28} {times}".rstrip()


def steps(seed, profile, names, interval=1.2, has_small_disk=False):
    """The steps of a storm, without end. `names` are the processes: clients first, then the servers nats and postgres."""
    rng = random.Random(f"{seed}/{profile}/{','.join(names)}")
    weights = dict(PROFILES[profile], **({"disk": 8} if has_small_disk else {}))
    clients = [n for n in names if n.startswith("thalamus")]
    while True:
        wait, what = min(6, rng.expovariate(1 / interval)), rng.choices(list(weights), list(weights.values()))[0]
        one, pair, short = rng.choice(names), tuple(rng.sample(names, 2)), rng.uniform
        yield {
            "kill": lambda: Step(wait, what, (one,), (short(0, 0.5),)),
            "pair": lambda: Step(wait, what, pair, (short(0, 0.8), rng.choice((0, 0, short(0, 2.5))), short(0, 0.8))),
            "debt": lambda: Step(wait, what, ("nats", rng.choice([*clients, *clients, "bridge"])),
                                 (short(0, 2.5), short(0.05, 6), short(0, 0.5))),
            "stop": lambda: Step(wait, what, (one,), (1 + 19 * rng.random() ** 2,)),
            "term": lambda: Step(wait, what, (one,), (short(0, 0.5),)),
            "burst": lambda: Step(wait, what, (one,), tuple(short(0, 0.4) for _ in range(4))),
            "outage": lambda: Step(wait, what, (rng.choice(("nats", "postgres")),), (short(3, 15),)),
            "deaf": lambda: Step(wait, what, (rng.choice(("nats", "postgres")),), (short(2, 6),)),
            "disk": lambda: Step(wait, what, ("nats",), (short(1, 5),)),
            "nats-kill": lambda: Step(wait, "kill", ("nats",), (short(0, 0.3),)),
            "nats-stop": lambda: Step(wait, "stop", ("nats",), (short(1, 12),)),
        }[what]()


def show(steps, seconds):
    """The script of a storm as text, for so many seconds."""
    passed = itertools.accumulate(steps, lambda sum, step: (sum[0] + step.wait, step), initial=(0, None))
    lines = itertools.takewhile(lambda item: item[0] <= seconds, itertools.islice(passed, 1, None))
    return "\n".join(f"{at:8.2f} {step}" for at, step in lines)

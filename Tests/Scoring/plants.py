"""Simulated plants: columns, rows and labels, the same for the same seed. No recording stands behind them.

water     tanks, pumps that switch by level, and demand with days, weeks and a season, one row an hour
process   hidden states that many inputs share, and controllers that hide what they can, one row every three minutes
machine   a cycle of switches with a few slow analogue values, one row a second
"""
import math
import random

HOUR, THREE_MINUTES, SECOND = 3600, 180, 1


class Plant:
    """Columns, rows of numbers, a label for each row (true in a fault), and the seconds from one row to the next."""

    def __init__(self, name, interval, columns):
        self.name, self.interval, self.columns = name, interval, columns
        self.rows, self.labels = [], []

    def add(self, values, is_faulty):
        self.rows.append(values)
        self.labels.append(is_faulty)


def water(name, seed, hours, faults=(), season=0.15, first_hour=0):
    """Seven tanks with a pump each, three standby pumps and two that always run.

    faults: (first row, row after the last, kind, tank) with kind frozen, stuck off, stuck on, low flow, leak or offset.
    """
    chance = random.Random(seed)
    tanks, pumps, standby = 7, 12, {3: 0, 7: 3, 10: 5}
    main = [0, 1, 2, 4, 5, 6, 8]
    scale = [1.0, 0.8, 0.6, 1.2, 0.9, 0.5, 0.7]
    capacity = [2.2, 1.7, 1.3, 1.5, 2.5, 1.9, 1.1, 1.2, 1.5, 0.9, 0.8, 0.9]
    plant = Plant(name, HOUR, [f"{kind}{i}" for kind, count in (("level", tanks), ("flow", pumps), ("pump", pumps),
                                                              ("pressure", pumps)) for i in range(count)])
    levels = [3 + chance.gauss(0, 0.3) for _ in range(tanks)]
    runs, noise, held = [0] * pumps, [0.0] * tanks, {}
    for row in range(hours):
        hour = row + first_hour
        day, weekend = hour % 24, hour // 24 % 7 >= 5
        profile = 1 + 0.45 * math.sin(2 * math.pi * (day - 8) / 24) + 0.25 * math.sin(4 * math.pi * (day - 6) / 24)
        profile *= (0.92 if weekend else 1) * (1 + season * math.sin(2 * math.pi * hour / 8760))
        fault = {kind: tank for begin, end, kind, tank in faults if begin <= row < end}
        for tank, pump in enumerate(main):
            sensed = held.get(tank, levels[tank]) if fault.get("frozen") == tank else levels[tank]
            runs[pump] = 1 if sensed < 1.8 else 0 if sensed > 4.2 else runs[pump]
            runs[pump] = 0 if fault.get("stuck off") == tank else 1 if fault.get("stuck on") == tank else runs[pump]
        for pump, tank in standby.items():
            runs[pump] = 1 if levels[tank] < 1.2 else 0 if levels[tank] > 2.5 else runs[pump]
        runs[9] = runs[11] = 1
        flows = [runs[i] * capacity[i] * (1 + chance.gauss(0, 0.02)) for i in range(pumps)]
        if "low flow" in fault:
            flows[main[fault["low flow"]]] *= 0.7
        for tank in range(tanks):
            noise[tank] = 0.8 * noise[tank] + chance.gauss(0, 0.05)
            demand = max(0.1, profile * scale[tank] * (1 + noise[tank])) * (1.35 if fault.get("leak") == tank else 1)
            inflow = flows[main[tank]] + sum(flows[pump] for pump, other in standby.items() if other == tank)
            levels[tank] = min(6, max(0.2, levels[tank] + 0.25 * (inflow - demand)))
        shown = [level + chance.gauss(0, 0.02) for level in levels]
        for tank in range(tanks):
            if fault.get("frozen") == tank:
                shown[tank] = held.setdefault(tank, shown[tank])
            else:
                held.pop(tank, None)
        if "offset" in fault:
            shown[fault["offset"]] += 0.8
        pressures = [20 + levels[i // 2] - 0.6 * flows[i] ** 2 + chance.gauss(0, 0.15) for i in range(pumps)]
        plant.add(shown + [flow + chance.gauss(0, 0.01) if flow > 0 else 0.0 for flow in flows] + list(map(float, runs))
                  + pressures, bool(fault))
    return plant


def process(name, seed, rows, fault=None, at=0):
    """Thirty measured values of eight hidden states, ten of them held by controllers whose outputs are inputs as well.

    fault: (kind, place, size) with kind step, swing, drift, bias, load or stick; it lasts from row `at` to the end.
    """
    build, chance = random.Random(99), random.Random(seed)
    states, measured, held = 8, 30, 10
    keeps = [build.uniform(0.5, 0.97) for _ in range(states)]
    mixes = [[build.gauss(0, 1) if build.random() < 0.4 else 0 for _ in range(states)] for _ in range(measured)]
    noises = [build.uniform(0.3, 1) for _ in range(measured)]
    controlled = build.sample(range(measured), held)
    gains = [build.uniform(0.1, 0.4) for _ in range(held)]
    scales = [(build.uniform(0.1, 50), build.uniform(-10, 100)) for _ in range(measured + held)]
    plant = Plant(name, THREE_MINUTES, [f"value{i}" for i in range(measured)] + [f"valve{i}" for i in range(held)])
    hidden, outputs = [0.0] * states, [0.0] * held
    for row in range(rows):
        kind, place, size = fault if fault and row >= at else (None, 0, 0)
        for i in range(states):
            push = chance.gauss(0, 1) * math.sqrt(1 - keeps[i] ** 2)
            if place % states == i and kind == "swing":
                push *= size
            if place % states == i and kind == "step":
                push += (1 - keeps[i]) * size
            hidden[i] = keeps[i] * hidden[i] + push
        values = [sum(a * b for a, b in zip(mixes[i], hidden)) + chance.gauss(0, noises[i]) for i in range(measured)]
        if kind in ("drift", "bias"):
            values[place % measured] += size * (row - at) / 100 if kind == "drift" else size
        for i, value in enumerate(controlled):
            values[value] += outputs[i] + (size if kind == "load" and place % held == i else 0)
        for i, value in enumerate(controlled):
            moved = 0.98 * outputs[i] - 0.5 * gains[i] * values[value]
            if kind != "stick" or place % held != i or abs(moved - outputs[i]) >= size:
                outputs[i] = moved
        plant.add([a * scale + offset for a, (scale, offset) in zip(values + outputs, scales)], kind is not None)
    return plant


def machine(name, seed, rows, faults=()):
    """Sixteen switches that go through eight steps, and four values that follow them.

    faults: (first row, row after the last, kind, place) with kind on, off, chatter, slow or jam.
    """
    build, chance = random.Random(5), random.Random(seed)
    steps, switches = 8, 16
    pattern = [[build.random() < 0.35 for _ in range(switches)] for _ in range(steps)]
    lengths = [build.randint(3, 11) for _ in range(steps)]
    plant = Plant(name, SECOND, [f"switch{i}" for i in range(switches)] + [f"value{i}" for i in range(4)])
    step, left, values = 0, 5, [0.0] * 4
    for row in range(rows):
        fault = {kind: place for begin, end, kind, place in faults if begin <= row < end}
        if left <= 0:
            step = (step + 1) % steps
            left = lengths[step] + chance.randint(0, 2)
            if step == 0 and chance.random() < 0.05:
                left += chance.randint(20, 120)  # It waits for parts.
            if fault.get("slow") == step:
                left *= 3
        state = [float(on) for on in pattern[step]]
        for kind, value in (("on", 1.0), ("off", 0.0), ("chatter", float(chance.random() < 0.5))):
            if kind in fault:
                state[fault[kind]] = value
        sums = (sum(state[:4]), 2 * sum(state[4:8]), sum(state[8:12]), 1)
        values = [0.9 * a + 0.1 * b + chance.gauss(0, 0.02) for a, b in zip(values, sums)]
        left -= "jam" not in fault
        plant.add(state + values, bool(fault))
    return plant


def in_turn(kinds, first, lasting, gap):
    """Faults one after the other."""
    return [(first + i * (lasting + gap), first + i * (lasting + gap) + lasting, kind, place)
            for i, (kind, place) in enumerate(kinds)]


def all_plants():
    """Each plant with a group in which it is counted, one at a time: they are large."""
    for seed, season, first in ((1, 0.15, 0), (4, 0.6, 0), (5, 0.6, 4000)):
        yield "hourly, a year without a fault", water(f"year{seed}", seed, 8760, season=season, first_hour=first)
    kinds = ("frozen", "stuck off", "stuck on", "low flow", "leak", "offset", "leak", "low flow", "offset", "frozen", "stuck on",
             "stuck off")
    faults = in_turn([(kind, i % 7) for i, kind in enumerate(kinds)], 800, 72, 258)
    yield "hourly, 12 faults", water("water", 3, 4900, faults, season=0.3)
    for seed in range(3):
        yield "every three minutes, without a fault", process(f"calm{seed}", 10 + seed, 1500)
    faults = [(kind, size) for kind, sizes in (("step", (1.5, 3, 6)), ("swing", (2, 3, 5)), ("drift", (1, 3)), ("bias", (2, 4)),
                                             ("load", (2, 4, 8)), ("stick", (1, 3))) for size in sizes]
    for i, (kind, size) in enumerate(faults):
        yield "every three minutes, 15 faults", process(f"process{i}", 100 + i, 1400, (kind, 3 * i + 1, size), 660)
    yield "switches, without a fault", machine("cycle", 1, 20_000)
    kinds = (("on", 3), ("off", 5), ("chatter", 1), ("slow", 2), ("jam", 0), ("on", 9), ("chatter", 12), ("off", 0), ("slow", 5),
             ("jam", 0))
    yield "switches, 10 faults", machine("machine", 2, 20_000, in_turn(kinds, 1500, 600, 1200))

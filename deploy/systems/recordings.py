#!/usr/bin/env python3
"""Writes house.csv and homelab.csv beside this file: recordings that we made up, the same byte for byte each time.

Three days, a row every two minutes: two days as usual, and incidents on the third (docs/examples). Nothing in them was measured anywhere.
"""
import math
import os
import random
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
START = datetime(2026, 3, 2, tzinfo=timezone.utc)
STEP = 2  # minutes
ROWS = 3 * 24 * 60 // STEP


def hour_of(row):
    return row * STEP / 60 % 24


def within(row, day, begin, end):
    """Whether a row is on a day (0, 1, 2) between two hours."""
    hour = row * STEP / 60 - 24 * day
    return begin <= hour < end


def write(name, header, rows):
    with open(os.path.join(HERE, name), "w", newline="") as file:
        file.write(",".join(["time"] + header) + "\n")
        for index, row in enumerate(rows):
            moment = (START + timedelta(minutes=index * STEP)).strftime("%Y-%m-%dT%H:%M:%SZ")
            file.write(",".join([moment] + row) + "\n")


def house():
    """Day 3: the front door stays open from 13:10 to 14:00 and the hall gets cold; at 18:30 a hob is left on for an hour; from 21:00 on the
    freezer's compressor no longer starts."""
    chance = random.Random(20260302)
    hall, kitchen, freezer = 19.5, 20.5, -18.5
    is_cooling = False
    rows = []
    for row in range(ROWS):
        hour = hour_of(row)
        is_day = 6.5 <= hour < 22.5
        is_open = within(row, 2, 13 + 1 / 6, 14)
        # The contact is closed, 1, while the door is.
        contact = 0 if is_open or (is_day and chance.random() < 0.03) else 1
        presence = 1 if (is_day and chance.random() < 0.22) or is_open and chance.random() < 0.3 else 0
        hall += (19.5 + 0.3 * math.sin((hour - 9) / 24 * 2 * math.pi) - hall) * 0.1 + chance.gauss(0, 0.04)
        hall -= 0.9 if is_open else 0
        cooks = within(row, 2, 18.5, 19.5)
        meal = any(begin <= hour < begin + 0.5 for begin in (7, 12.5, 18))
        watts = 45 + chance.gauss(0, 4) + (chance.choice((0, 0, 900)) if meal else 0) + (2300 if cooks else 0)
        kitchen += (20.5 - kitchen) * 0.12 + chance.gauss(0, 0.05) + (0.12 if meal else 0) + (0.75 if cooks else 0)
        is_broken = within(row, 2, 21, 24)
        is_cooling = not is_broken and (freezer > -18 or is_cooling and freezer > -19)
        freezer += (0.09 if not is_cooling else -0.16) + chance.gauss(0, 0.015)
        cold = 82 + chance.gauss(0, 2) if is_cooling else 1.2 + chance.gauss(0, 0.1)
        rows.append([
            f"{contact}", f"{presence}", f"{hall:.2f}", f"{watts:.0f}", f"{kitchen:.2f}", f"{max(0.8, cold):.1f}", f"{freezer:.2f}",
        ])
    write("house.csv", [
        "door_contact", "hall_presence", "hall_celsius", "kitchen_watts", "kitchen_celsius", "freezer_watts", "freezer_celsius",
    ], rows)


def homelab():
    """Day 3: from 09:00 to 10:00 a rebuild makes the disks of the NAS slow, and with them photos and wiki; the backup of 03:00 does not run;
    from 15:00 to 15:30 the host of git and photos is down; from 20:00 on the disk fills up."""
    chance = random.Random(20260303)
    used = 61.0
    rows = []
    for row in range(ROWS):
        slow = within(row, 2, 9, 10)
        down = within(row, 2, 15, 15.5)
        fills = within(row, 2, 20, 24)

        def latency(usual, spread):
            return usual * math.exp(chance.gauss(0, spread))

        git = latency(38, 0.18)
        photos = latency(64, 0.2) * (9 if slow else 1)
        wiki = latency(52, 0.2) * (7 if slow else 1)
        hours = row * STEP / 60
        # The backup runs at 03:00; that of the third day does not.
        last = 3 if hours >= 3 else -21
        last = 27 if hours >= 27 else last
        used += 0.0015 + chance.gauss(0, 0.004) + (0.09 if fills else 0)
        wait = latency(4.2, 0.22) * (14 if slow else 1) * (3 if fills else 1)
        rows.append([
            "inf" if down else f"{git:.1f}", "inf" if down else f"{photos:.1f}", f"{wiki:.1f}", f"{used:.2f}", f"{wait:.2f}",
            f"{latency(1.9, 0.15):.2f}", f"{hours - last:.2f}",
        ])
    write("homelab.csv", [
        "git_ms", "photos_ms", "wiki_ms", "nas_used_percent", "nas_wait_ms", "router_ms", "backup_hours",
    ], rows)


if __name__ == "__main__":
    house()
    homelab()

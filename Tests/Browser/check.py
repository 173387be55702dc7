#!/usr/bin/env python3
"""Checks the page in a real browser, a headless Chromium that is driven over its own debugging port.

    Tests/Browser/check.py [--binaries FOLDER] [--assets FOLDER] [--only NAME,…] [--write] [--seconds N]

--binaries  where `swift build` puts the programs; without it, where it does
--assets    files of the page that stand in for the embedded ones: Sources/CAssets/assets, to change the page without a build
--only      some of: pictures, drawing, accessibility, keyboard, gestures, moments, many,
            frames, connection, live, verdict, hostile, load
--write     rewrite the pictures in docs/web that are not equal, and their texts
--seconds   length of the load (60)

The last line counts: "N passed, N failed, N skipped". Without a browser everything is skipped, with a line that names it.
"""
import argparse
import asyncio
import importlib
import os
import signal
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from alone import leave_network  # noqa: E402

try:
    from browser import Browser, Skipped
    from server import ROOT
except ImportError as missing:
    print(f"SKIPPED: the page in a browser needs {missing.name}; install it with: pip install websockets pillow")
    print("\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)

GROUPS = ("pictures", "drawing", "accessibility", "keyboard", "gestures", "moments", "many", "frames", "connection", "live", "verdict", "hostile", "load")


class Checks:
    """Counts what held and what did not."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def __call__(self, holds, what, found=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}{': ' + str(found)[:3000] if found != '' else ''}", flush=True)
        return holds

    def skip(self, why):
        self.skipped += 1
        print(f"SKIPPED: {why}", flush=True)


async def run(checks, options):
    for name in options.only:
        print(f"== {time.strftime('%H:%M:%S')} {name}", flush=True)
        try:
            # A browser for each group: what one leaves cannot help or hurt the next.
            async with Browser(options.folder) as browser:
                await importlib.import_module(name).check(checks, browser, options)
        except Skipped as why:
            checks.skip(f"{name}: {why}")
        except Exception:
            checks(False, f"the group {name} ends", traceback.format_exc())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries")
    parser.add_argument("--assets", type=os.path.abspath)
    parser.add_argument("--only", default=",".join(GROUPS))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(GROUPS):
        parser.error(f"--only expects some of {', '.join(GROUPS)}; found {', '.join(sorted(unknown))}")
    options.binaries = os.path.abspath(options.binaries or subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip())
    leave_network()
    options.results = f"{ROOT}/.build/test-results"
    os.makedirs(options.results, exist_ok=True)
    options.folder = tempfile.mkdtemp(prefix="nimmer-browser-")
    # Ended from outside: everything that was started ends as after a failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    checks = Checks()
    try:
        asyncio.run(run(checks, options))
    finally:
        shutil.rmtree(options.folder, ignore_errors=True)
        print(f"\n{checks.passed} passed, {checks.failed} failed, {checks.skipped} skipped", flush=True)
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()

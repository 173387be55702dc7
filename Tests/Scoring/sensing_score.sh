#!/bin/sh
# Scores what the sensor cells make of 17 recordings of the Skoltech Anomaly Benchmark and of one without a fault: whole, with 5 % of
# their rows left out, and the change events by the data set's own metric. Prints a table; --write puts it into README.md and
# docs/spec/sensing.md as well.
#
#   SKAB=FOLDER Tests/Scoring/sensing_score.sh [--write] [SYSTEM.yaml]
#
# FOLDER is a clone of https://github.com/waico/SKAB (v0.9, GPL-3.0, 4 MB), which this repository does not contain:
#
#   git clone https://github.com/waico/SKAB /tmp/skab && SKAB=/tmp/skab Tests/Scoring/sensing_score.sh
#
# Needs python3 with venv; pandas, matplotlib and the metric (PyPI tsad) come into .build/score-venv. NIMMER names another nimmer than the
# release build. Without the recordings the exit status is 77. It is 1, with a line for each figure, when one of the default system is
# outside its limits; another SYSTEM.yaml has none. Takes about a minute after the build.
set -eu
versions="pandas==3.1.1 matplotlib==3.11.2"
metric=tsad==0.19.4
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "${SKAB:-}" ]; then
    echo "sensing_score: set SKAB to a clone of https://github.com/waico/SKAB; nothing was scored" >&2
    exit 77
fi
venv=$root/.build/score-venv
if ! "$venv/bin/python3" -c 'import pandas, matplotlib, tsad.utils.evaluating' 2>/dev/null; then
    echo "Preparing $venv ($versions $metric)" >&2
    mkdir -p "$root/.build"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check $versions >&2
    # What else tsad asks for belongs to its neural networks.
    "$venv/bin/pip" install -q --disable-pip-version-check --no-deps $metric >&2
fi
if [ -z "${NIMMER:-}" ]; then
    (cd "$root" && swift build -c release --product nimmer >&2)
    NIMMER=$(cd "$root" && swift build -c release --show-bin-path)/nimmer
fi
export NIMMER SKAB
exec "$venv/bin/python3" "$root/Tests/Scoring/sensing_score.py" "$@"

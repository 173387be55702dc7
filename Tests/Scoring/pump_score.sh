#!/bin/sh
# Replays the pump system over 17 recordings of the Skoltech Anomaly Benchmark and one without a fault, and scores when it woke
# the mind.
#
#   SKAB=FOLDER Tests/Scoring/pump_score.sh [SYSTEM.yaml]
#
# FOLDER is a clone of https://github.com/waico/SKAB (v0.9, GPL-3.0, 4 MB), which this repository does not contain:
#
#   git clone https://github.com/waico/SKAB /tmp/skab && SKAB=/tmp/skab Tests/Scoring/pump_score.sh
#
# Needs python3. NIMMER names another nimmer than the release build. Without the recordings the exit status is 77.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
system=${1:-$root/deploy/systems/pump.yaml}
data=${SKAB:-}/data
# The recordings that the scores in README.md are of: every second one, so that the others can show overfitting.
recordings="other/2 other/4 other/6 other/8 other/10 other/12 other/14
    valve1/0 valve1/2 valve1/4 valve1/6 valve1/8 valve1/10 valve1/12 valve1/14 valve2/0 valve2/2"
for recording in $recordings anomaly-free/anomaly-free; do
    if [ -z "${SKAB:-}" ] || [ ! -f "$data/$recording.csv" ]; then
        echo "pump_score: ${SKAB:+no $data/$recording.csv; }set SKAB to a clone of https://github.com/waico/SKAB; nothing was scored" >&2
        exit 77
    fi
done
if [ -z "${NIMMER:-}" ]; then
    (cd "$root" && swift build -c release --product nimmer >&2)
    NIMMER=$(cd "$root" && swift build -c release --show-bin-path)/nimmer
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# Replays a recording into a file of $work and prints its name.
replay() {
    events=$work/$(echo "$1" | tr / -).ndjson
    "$NIMMER" replay --system "$system" --input "$data/$1.csv" --json >"$events"
    echo "$events"
}

set --
for recording in $recordings; do
    events=$(replay "$recording")
    set -- "$@" "$data/$recording.csv" "$events"
done
echo "17 recordings with one fault each:"
python3 "$root/Tests/Scoring/attention_score.py" "$@"
echo "the recording without a fault:"
events=$(replay anomaly-free/anomaly-free)
python3 "$root/Tests/Scoring/attention_score.py" "$data/anomaly-free/anomaly-free.csv" "$events"

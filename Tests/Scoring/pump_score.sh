#!/bin/sh
# Replays the pump system over the 17 recordings and scores when it woke the mind.
#
#   Tests/Scoring/pump_score.sh [SYSTEM.yaml]
#
# Needs python3, and the recordings and the scorer beside the repository (../shared/data/skab, ../shared/tools); without
# them it says so and leaves with status 77. NIMMER names another nimmer than the release build.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
shared=${NIMMERVERSE_SHARED:-$root/../shared}
system=${1:-$root/deploy/systems/pump.yaml}
data=$shared/data/skab
scorer=$shared/tools/attention_score.py
if [ ! -d "$data" ] || [ ! -f "$scorer" ]; then
    echo "pump_score: no recordings in $data or no scorer $scorer; nothing was scored" >&2
    exit 77
fi
if [ -z "${NIMMER:-}" ]; then
    (cd "$root" && swift build -c release --product nimmer >&2)
    NIMMER=$(cd "$root" && swift build -c release --show-bin-path)/nimmer
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

set --
for recording in "$data"/*.csv; do
    name=$(basename "$recording" .csv)
    "$NIMMER" replay --system "$system" --input "$recording" --json >"$work/$name.ndjson"
    [ "$name" = anomaly-free ] || set -- "$@" "$recording" "$work/$name.ndjson"
done
echo "17 recordings with one fault each:"
python3 "$scorer" "$@"
echo "the recording without a fault:"
python3 "$scorer" "$data/anomaly-free.csv" "$work/anomaly-free.ndjson"

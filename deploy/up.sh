#!/bin/sh
# From a fresh clone to a living nervous system over this machine's own vitals: installs what is missing, builds, runs.
# Arguments go to `nimmer up`; without any it makes some load, so that there is something to notice.
set -eu
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
. deploy/progress.sh

# The processes of the system file, and the tool. `swift build` builds the rest: other cells, the organ, fixtures of tests.
programs=nimmer,thalamus,cognition-bridge,hippocampus,vitals-cell,math-cell

need_everything
# Asking the build system whether there is anything to do takes longer than a start.
stamp=.build/release.stamp
if [ ! -x .build/release/nimmer ] || [ ! -e "$stamp" ] ||
    [ -n "$(find Package.swift Sources cells nerves -newer "$stamp" -print -quit)" ]; then
    say "Building what runs (log: .build/up.log)"
    mkdir -p .build
    : >"$stamp.new"
    with_progress .build/up.log env NIMMER_TESTS=$programs swift build -c release ||
        stop "The build failed; what is wrong stands above."
    mv "$stamp.new" "$stamp"
fi

[ $# -gt 0 ] || set -- --exercise 15
say "Starting: nimmer up deploy/systems/vitals.yaml $*"
exec .build/release/nimmer up deploy/systems/vitals.yaml "$@"

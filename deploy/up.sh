#!/bin/sh
# From a fresh clone to a living nervous system over this machine's own vitals: installs what is missing, builds, runs.
# Arguments go to `nimmer up`; without any it makes some load, so that there is something to notice.
#
# Builds for debugging, which takes less than half of the time and serves `swift build` and `swift test` after it; programs for
# work come from `NIMMER_CONFIGURATION=release deploy/up.sh`, `nimmer image build` or a release archive.
set -eu
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
. deploy/progress.sh

configuration=${NIMMER_CONFIGURATION:-debug}
# The processes of the system file, and the tool. `swift build` builds the rest: other cells, the organ, fixtures of tests.
programs=nimmer,thalamus,cognition-bridge,hippocampus,vitals-cell,math-cell

# Before a build of minutes, not after it.
case ${NIMMERVERSE_ENV:-dev} in
dev | staging | prod) ;;
*) stop "NIMMERVERSE_ENV must be one of dev, staging, prod; found '$NIMMERVERSE_ENV'" ;;
esac
need_everything
# Asking the build system whether there is anything to do takes longer than a start.
stamp=.build/$configuration.stamp
if [ ! -x ".build/$configuration/nimmer" ] || [ ! -e "$stamp" ] ||
    [ -n "$(find Package.swift Package.resolved Sources cells nerves -newer "$stamp" -print -quit)" ]; then
    say "Building what runs (log: .build/up.log)"
    mkdir -p .build
    : >"$stamp.new"
    estimate="0 0"
    if [ ! -d ".build/$configuration" ]; then
        estimate="190 1050"
        [ "$configuration" = debug ] || estimate="440 100"
    fi
    # shellcheck disable=SC2086
    with_progress .build/up.log $estimate env NIMMER_TESTS=$programs swift build -c "$configuration" ||
        stop "The build failed; what is wrong stands above."
    # Another run at the same time may have taken it.
    [ ! -e "$stamp.new" ] || mv "$stamp.new" "$stamp"
fi

[ $# -gt 0 ] || set -- --exercise 15
say "Starting: nimmer up deploy/systems/vitals.yaml $*"
exec ".build/$configuration/nimmer" up deploy/systems/vitals.yaml "$@"

#!/bin/bash
# Measures what a newcomer and a contributor wait for: a first build of what deploy/up.sh runs, from a fresh clone, and a debug build
# after a change in NimmerWave, on which everything depends. Uses nothing of this folder's .build; packages come from the network or
# SwiftPM's cache.
#
#   Tests/Benchmarks/build.sh [first|rebuild]      # both without an argument
#
# Each line: what, seconds, seconds of processor time (which is nearly the same on a busy machine).
set -eu
cd "$(dirname "$0")/../.."
what=${1:-both}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone -q . "$folder/clone"
cd "$folder/clone"
TIMEFORMAT='%R s, processor %U + %S s'

measured() { # measured NAME COMMAND…
    local name=$1
    shift
    echo -n "$name: "
    { time "$@" >"$folder/log" 2>&1; } 2>&1 || { tail -n 30 "$folder/log" >&2; exit 1; }
}

if [ "$what" != rebuild ]; then
    # The command of deploy/up.sh.
    programs=$(sed -n 's/^programs=//p' deploy/up.sh)
    measured "first build of what deploy/up.sh runs" env "NIMMER_TESTS=$programs" swift build
    measured "the same, optimized" env "NIMMER_TESTS=$programs" swift build -c release
fi
if [ "$what" != first ]; then
    measured "debug build of every program" env NIMMER_TESTS= swift build
    echo 'extension Timestamp { public var nanosecondsForTheBenchmark: Int64 { nanoseconds } }' >>Sources/NimmerWave/Timestamp.swift
    measured "debug build after a change in NimmerWave" env NIMMER_TESTS= swift build
fi

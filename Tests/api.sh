#!/bin/bash
# Compares the public API that authors of cells import with docs/api, one file for each library.
#
#   Tests/api.sh             builds, prints what was added, removed and changed; removed or changed: status 1
#   Tests/api.sh --accept    writes docs/api; what was removed or changed must be named under "Unreleased" in CHANGELOG.md
#   --built                  uses the debug build that is there
set -u
cd "$(dirname "$0")/.."
libraries="NimmerWave NimmerGate NimmerBus NimmerBusNATS NimmerProcess NimmerCell NimmerSensing NimmerTesting"
accept='' built=''
for argument in "$@"; do
    case $argument in
        --accept) accept=--accept ;;
        --built) built=yes ;;
        *) echo "usage: Tests/api.sh [--accept] [--built]" >&2 && exit 64 ;;
    esac
done

# A library that is listed and not there yet, or no more, is the comparison's business.
present=''
for library in $libraries; do
    [ -d "Sources/$library" ] || continue
    present="$present $library"
    [ -n "$built" ] || NIMMER_TESTS='' swift build --target "$library" || exit 1
done
binaries=$(NIMMER_TESTS='' swift build --show-bin-path)
triple=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)",.*/\1/p' | head -1)
graphs=$(mktemp -d) || exit 1
trap 'rm -rf "$graphs"' EXIT
c=()
for map in Sources/*/module.modulemap Sources/*/include/module.modulemap "$binaries"/*.build/module.modulemap; do c+=(-Xcc "-fmodule-map-file=$map"); done
for library in $present; do
    swift symbolgraph-extract -module-name "$library" -target "$triple" -I "$binaries/Modules" \
        "${c[@]}" -minimum-access-level public -skip-synthesized-members -output-dir "$graphs" || exit 1
done
# shellcheck disable=SC2086 # one word each
python3 Tests/API/compare.py $accept --graphs "$graphs" $libraries

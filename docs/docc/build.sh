#!/bin/sh
# Builds the documentation of what a cell's author imports, the library NimmerCell; a warning is an error.
#
#   docs/docc/build.sh [FOLDER]      # default: docs/docc/.build/site
#
# Look at it with a web server in that folder: python3 -m http.server --directory docs/docc/.build/site
# then http://localhost:8000/documentation/nimmercell
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
site=${1:-$root/docs/docc/.build/site}
mkdir -p "$site"
site=$(cd "$site" && pwd)
# Without the targets of tests.
export NIMMER_TESTS=
exec swift package --package-path "$root/docs/docc" --allow-writing-to-directory "$site" \
    generate-documentation --product NimmerCell --warnings-as-errors --output-path "$site"

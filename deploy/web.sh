#!/bin/sh
# Builds nimmer-web, the server of the page in a browser, beside the programs that deploy/up.sh has built, where it is missing or older
# than its sources. `nimmer web` calls it in a source tree.
set -eu
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
. deploy/progress.sh

configuration=${NIMMER_CONFIGURATION:-debug}
# Asking the build system whether there is anything to do takes longer than a start.
stamp=.build/$configuration.web.stamp
if [ -x ".build/$configuration/nimmer-web" ] && [ -e "$stamp" ] &&
    [ -z "$(find Package.swift Package.resolved Sources -newer "$stamp" -print -quit)" ]; then
    exit 0
fi
need_everything
say "Building nimmer-web (log: .build/web.log)"
mkdir -p .build
: >"$stamp.new"
with_progress .build/web.log 0 0 env NIMMER_TESTS=nimmer-web swift build -c "$configuration" --product nimmer-web ||
    stop "The build failed; what is wrong stands above."
# Another run at the same time may have taken it.
[ ! -e "$stamp.new" ] || mv "$stamp.new" "$stamp"

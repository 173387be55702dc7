#!/bin/sh
# Builds nimmer-web, the server of the page in a browser, beside the programs that deploy/up.sh has built. `nimmer web` calls it the
# first time.
set -eu
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
. deploy/progress.sh

configuration=${NIMMER_CONFIGURATION:-debug}
need_everything
say "Building nimmer-web (log: .build/web.log)"
mkdir -p .build
with_progress .build/web.log 0 0 env NIMMER_TESTS=nimmer-web swift build -c "$configuration" --product nimmer-web ||
    stop "The build failed; what is wrong stands above."

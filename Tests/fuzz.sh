#!/bin/bash
# Feeds everything that reads what comes from outside with inputs that libFuzzer makes of a corpus (Tests/Fuzz).
#
#   Tests/fuzz.sh [seconds] [target …]      seconds in all (60), shared by the targets (all)
#   Tests/fuzz.sh --forever target          until it is stopped or finds something, without the address sanitizer: for 10^8 inputs
#
# A finding is kept in .build-fuzz/findings, and `.build-fuzz/fuzz FILE` with NIMMER_FUZZ_TARGET repeats it. The last line counts:
# "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.."
all="wave message json system http answer schema keys subject server text journal meaning artifact"
seconds=60 forever=
case ${1:-} in
--forever) forever=yes && shift ;;
[0-9]*) seconds=$1 && shift ;;
esac
targets=${*:-$all}
folder=.build-fuzz sanitize=fuzzer,address rest=-Onone
[ -z "$forever" ] || folder=.build-fuzz-fast sanitize=fuzzer rest=-O
mkdir -p "$folder"

runtime=$(find "$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib" -name 'libclang_rt.fuzzer-*.a' 2>/dev/null | head -1)
if [ -z "$runtime" ]; then
    echo "SKIPPED: this toolchain has no runtime of libFuzzer" >&2
    echo "0 passed, 0 failed, $(wc -w <<<"$targets") skipped"
    exit 0
fi

# The modules are compiled here and not by a package: what is fuzzed imports none of the packages that take minutes to build.
# Single files of the others are compiled with the targets.
flags=(-wmo -parse-as-library -swift-version 6 -package-name nimmerverse -enable-upcoming-feature ExistentialAny
    -enable-upcoming-feature MemberImportVisibility "-sanitize=$sanitize" -I "$folder" -I Sources/CYAML -I Sources/CPlatform/include)
files=(Tests/Fuzz/*.swift Sources/NimmerProcess/Health/HTTPRequest.swift Sources/NimmerSensing/Input/{DelimitedText,NumberColumn,NumberText,TableLayout,TextEncoding,UnitScale,WrittenNumber}.swift
    Sources/NimmerProcess/State/JournalRecord.swift Sources/NimmerTerminal/{Key,KeyParser,Pointer}.swift
    Sources/NimmerCognitionHTTP/{AnswerReader,Dialect,OllamaDialect,OpenAIDialect,ServerWords}.swift
    Sources/NimmerBusNATS/{Permission,ReadingOrder,ServerFeatures,ServerURL}.swift)
modules=(NimmerPlatform NimmerWave NimmerGate NimmerBus NimmerIris NimmerMemory NimmerSystem NimmerSystemFile NimmerCognition)
objects=("${modules[@]/%/.o}")
sum=$(cat "${files[@]}" $(find "${modules[@]/#/Sources/}" -name '*.swift' | sort) "$0" | sha256sum)
if [ "$sum" != "$(cat "$folder/sum" 2>/dev/null)" ]; then
    # Only the wire is optimized: the rest would take longer to compile than it gains in a minute.
    module() {
        swiftc "${flags[@]}" "$2" -module-name "$1" -emit-module -emit-module-path "$folder/$1.swiftmodule" \
            -c -o "$folder/$1.o" $(find "Sources/$1" -name '*.swift')
    }
    clang -O2 -c Sources/CPlatform/spawn.c -I Sources/CPlatform/include -o "$folder/spawn.o" &&
        clang -O2 -c Sources/CPlatform/wake.c -I Sources/CPlatform/include -o "$folder/wake.o" || exit 1
    module NimmerPlatform "$rest" && module NimmerWave -O || exit 1
    module NimmerBus "$rest" & bus=$!
    module NimmerGate "$rest" && module NimmerSystem "$rest" && module NimmerSystemFile "$rest" && module NimmerIris "$rest" && module NimmerMemory "$rest" || exit 1
    wait "$bus" && module NimmerCognition "$rest" || exit 1
    swiftc "${flags[@]}" "$rest" -module-name Fuzz -o "$folder/fuzz" "${files[@]}" "${objects[@]/#/$folder/}" "$folder"/{spawn,wake}.o -lyaml || exit 1
    echo "$sum" >"$folder/sum"
fi

export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no
passed=0 failed=0
each=$((seconds / $(wc -w <<<"$targets")))
for target in $targets; do
    mkdir -p "$folder/found/$target" "$folder/findings"
    export NIMMER_FUZZ_TARGET=$target
    limits=(-max_total_time="$((each > 0 ? each : 1))")
    [ -z "$forever" ] || limits=()
    if "$folder/fuzz" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 "${limits[@]}" \
        -artifact_prefix="$folder/findings/$target-" "$folder/found/$target" "Tests/Fuzz/Corpus/$target" \
        >"$folder/$target.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -40 "$folder/$target.log" >&2
        echo "$target: a finding, kept as $(ls -t "$folder/findings/$target-"* 2>/dev/null | head -1)" >&2
    fi
    echo "$target: $(awk '/number_of_executed_units/ { print $2 }' "$folder/$target.log") inputs," \
        "$(ls "$folder/found/$target" | wc -l) of them new"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

# Sourced by deploy/up.sh and deploy/release.sh: one line of progress for a build, with an estimate.

# with_progress LOG SECONDS STEPS COMMAND…: runs a `swift build`. Shows one line of progress; what it says goes to LOG, and is shown when
# it fails. For an estimate of a first build: SECONDS of processor time that it takes (docs/performance.md, A first build) and the
# STEPS that it has, since the build system counts as such only what it has come to; 0 and 0 for other builds.
with_progress() {
    log=$1
    seconds=$2
    expected=$3
    shift 3
    : >"$log"
    processors=$(nproc)
    [ "$seconds" = 0 ] || echo "About $(((seconds / processors + 59) / 60)) min with $processors processors"
    start=$(date +%s)
    # The status of the command, which a pipe would lose.
    { "$@" 2>&1 && echo 0 >"$log.status" || echo 1 >"$log.status"; } | show_progress "$log"
    status=$(cat "$log.status")
    rm -f "$log.status"
    seconds=$(($(date +%s) - start))
    if [ "$status" = 0 ]; then
        printf 'Built in %d:%02d min\n' $((seconds / 60)) $((seconds % 60))
    else
        grep -A5 'error' "$log" >&2 || tail -n 20 "$log" >&2
    fi
    return "$status"
}

# Reads "[120/300] Compiling …" and what else a build says.
show_progress() {
    began=$(date +%s)
    shown=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$1"
        case $line in "["[0-9]*/[0-9]*"]"*) ;; *) continue ;; esac
        steps=${line#[}
        steps=${steps%%]*}
        at=${steps%/*}
        all=${steps#*/}
        case $at$all in *[!0-9]*) continue ;; esac
        [ "$all" -ge "$expected" ] || all=$expected
        # Steps of resolving and planning are few and counted apart.
        [ "$all" -ge 20 ] && [ "$at" -gt 0 ] || continue
        seconds=$(($(date +%s) - began))
        percent=$((at * 100 / all))
        left=$((seconds * (all - at) / at))
        if [ -t 1 ]; then
            printf '\r%3d %% (%s of %s steps), about %d:%02d left   ' "$percent" "$at" "$all" $((left / 60)) $((left % 60))
        elif [ "$percent" -ge $((shown + 25)) ]; then
            shown=$percent
            printf '%d %% (%s of %s steps), about %d:%02d left\n' "$percent" "$at" "$all" $((left / 60)) $((left % 60))
        fi
    done
    if [ -t 1 ]; then printf '\r%60s\r' ''; fi
}

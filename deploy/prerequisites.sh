# Sourced by deploy/up.sh and Tests/run.sh: installs what is missing, and says what it does.
# Sets nothing but functions; each ends the script with one clear line when it cannot help.

say() { printf '\n== %s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 69; }

# need_packages PACKAGE…: installs the Debian packages that are missing, as root or through sudo.
need_packages() {
    missing=""
    if command -v dpkg-query >/dev/null 2>&1; then
        for package in "$@"; do
            dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
        done
    else
        stop "This script installs packages with apt (Debian 12 or later). Elsewhere, install these by hand: $*"
    fi
    [ -z "$missing" ] && return 0
    say "Installing$missing"
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1; then
        as_root="sudo"
    else
        stop "These packages are missing and you are neither root nor have sudo. Ask for: apt-get install$missing"
    fi
    # The lists of a fresh machine or container are empty or old.
    $as_root apt-get -q update >/dev/null || echo "apt-get update failed; trying with the lists that are there" >&2
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing ||
        stop "apt-get could not install$missing"
}

# need_swift: a Swift toolchain of at least 6.2.
need_swift() {
    mend="Install Swift 6.2 or later: https://www.swift.org/install/linux"
    command -v swift >/dev/null 2>&1 || stop "There is no 'swift' in PATH. $mend"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    major=${version%%.*}
    minor=${version#*.}
    found=$(command -v swift)
    [ -n "$version" ] || stop "'$found --version' names no version of Swift. $mend"
    if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
        stop "Found Swift $version ($found). $mend"
    fi
}

# What building and running needs: C libraries, and the two servers (used privately, never as services).
need_everything() {
    need_packages libcurl4-openssl-dev libnats-dev libpq-dev libssl-dev libyaml-dev zlib1g-dev pkg-config ca-certificates \
        nats-server postgresql openssl "$@"
    need_swift
}

#!/bin/sh
# Lays out what an image holds: each program, stripped, and just the shared libraries that it links.
#
#   deploy/containers/rootfs.sh BINARIES OUT PROGRAM…
#
# Makes OUT/base (what all of the programs need, so that their images share a layer), OUT/state (the empty folder for a volume),
# OUT/<program> (the program and what only it needs), and OUT/<program>.txt, which lists what fills the image. Runs alike on the host and in the build stage of
# the Containerfile. The same input gives the same output to the byte: every time is SOURCE_DATE_EPOCH.
set -eu
[ $# -ge 3 ] || { echo "usage: rootfs.sh BINARIES OUT PROGRAM..." >&2; exit 64; }
binaries=$1 out=$2
shift 2
epoch=${SOURCE_DATE_EPOCH:-0}
here=$(cd "$(dirname "$0")" && pwd)
umask 022
rm -rf "$out"
mkdir -p "$out/base/etc/ssl/certs" "$out/base/usr/share/doc" "$out/state/var/lib/nimmerverse"
lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT

for program in "$@"; do
    [ -x "$binaries/$program" ] || { echo "rootfs.sh: there is no program $binaries/$program" >&2; exit 66; }
    ldd "$binaries/$program" >"$lists/ldd" || { echo "rootfs.sh: $program cannot be looked at" >&2; exit 65; }
    if grep 'not found' "$lists/ldd" >&2; then
        echo "rootfs.sh: $program links what is not installed here" >&2
        exit 69
    fi
    # "name => path (address)" and, for the loader, "path (address)".
    sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' "$lists/ldd" | LC_ALL=C sort -u >"$lists/$program"
done

# What every program links.
set -- "$@"
cp "$lists/$1" "$lists/common"
for program in "$@"; do
    LC_ALL=C comm -12 "$lists/common" "$lists/$program" >"$lists/next"
    mv "$lists/next" "$lists/common"
done

put() { # put ROOT FILE: at its own path, as a file whatever links lead to it, with the licence of its package
    mkdir -p "$1$(dirname "$2")"
    cp -L "$2" "$1$2"
    chmod 755 "$1$2"
    command -v dpkg-query >/dev/null 2>&1 || return 0
    real=$(readlink -f "$2")
    package=$(dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}" 2>/dev/null) || return 0
    package=${package%%:*}
    [ -f "/usr/share/doc/$package/copyright" ] || return 0
    mkdir -p "$1/usr/share/doc/$package"
    cp -L "/usr/share/doc/$package/copyright" "$1/usr/share/doc/$package/copyright"
}

while read -r library; do put "$out/base" "$library"; done <"$lists/common"
echo "nimmer:x:65532:65532:nimmerverse:/nonexistent:/usr/sbin/nologin" >"$out/base/etc/passwd"
echo "nimmer:x:65532:" >"$out/base/etc/group"
echo "hosts: files dns" >"$out/base/etc/nsswitch.conf"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] ||
    cp -L /etc/ssl/certs/ca-certificates.crt "$out/base/etc/ssl/certs/ca-certificates.crt"
licence="$here/../../LICENSE"
if [ -f "$licence" ]; then
    mkdir -p "$out/base/usr/share/doc/nimmerverse"
    cp "$licence" "$out/base/usr/share/doc/nimmerverse/LICENSE"
fi

for program in "$@"; do
    mkdir -p "$out/$program/usr/bin"
    strip -o "$out/$program/usr/bin/$program" "$binaries/$program"
    chmod 755 "$out/$program/usr/bin/$program"
    LC_ALL=C comm -13 "$lists/common" "$lists/$program" | while read -r library; do put "$out/$program" "$library"; done
    # Those that compare names by what they mean have its data and notices (deploy/iris); a program of another package has none of it.
    case $program in
    thalamus | hippocampus | cognition-bridge | garden | nimmer)
        mkdir -p "$out/$program/usr/share/nimmerverse" "$out/$program/usr/share/doc/iris"
        cp "$here/../iris/minilm.table" "$here/../iris/names.links" "$out/$program/usr/share/nimmerverse/"
        cp "$here/../iris/NOTICE" "$here/../iris/LICENSE.wordnet" "$out/$program/usr/share/doc/iris/"
        ;;
    esac
    (cd "$out" && find base "$program" -type f -printf '%s %P\n' | LC_ALL=C sort -k1,1nr -k2) >"$out/$program.txt"
done
find "$out" -type d -exec chmod 755 {} +
chmod 700 "$out/state/var/lib/nimmerverse"
find "$out" ! -perm -u+x -type f -exec chmod 644 {} +
find "$out" -exec touch -h -d "@$epoch" {} +

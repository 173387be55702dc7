#!/bin/sh
# Makes the release archive for this machine's architecture: programs with the Swift runtime inside and the C libraries beside
# them, so that users need no toolchain. They need glibc as old as this machine's or later, nats-server and PostgreSQL.
#
#   deploy/release.sh [FOLDER]      # default: .build/archive; VERSION=… names it, default: git describe
#
# Makes FOLDER/nimmerverse-VERSION-linux-ARCHITECTURE.tar.gz and its .sha256. Run it on Debian 12 for what most machines can run;
# .github/workflows/ci.yaml does, on x86-64 and on arm64. The same programs give the same archive to the byte.
# Tests/Release/first_wave.sh tries it on a machine without Swift.
set -eu
cd "$(dirname "$0")/.."
. deploy/prerequisites.sh
. deploy/progress.sh

programs="nimmer thalamus cognition-bridge hippocampus organ garden nimmer-web math-cell sensor-cell multivariate-cell vitals-cell battery-cell
    distance-cell motor-cell http-cell webhook-cell collision-avoidance-nerve"
version=${VERSION:-$(git describe --tags --always --dirty)}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
name=nimmerverse-${version#v}-linux-$(uname -m)
folder=${1:-.build/archive}

need_everything binutils
say "Building the programs of $name (log: .build/archive.log)"
mkdir -p .build "$folder"
# RPATH, not RUNPATH: it holds for the libraries of libraries, too.
with_progress .build/archive.log 0 0 env "NIMMER_TESTS=$(echo $programs | tr ' ' ,)" swift build -c release --static-swift-stdlib \
    -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker "\$ORIGIN/../lib" || stop "The build failed; what is wrong stands above."

root=$folder/$name
rm -rf "$root"
umask 022
mkdir -p "$root/bin" "$root/lib" "$root/share/doc"
# Apart from the pipe below, which would lose that one of them is not there.
for program in $programs; do strip -o "$root/bin/$program" ".build/release/$program"; done
for program in $programs; do ldd ".build/release/$program"; done |
    sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p' | LC_ALL=C sort -u | while read -r library; do
    case ${library##*/} in
    # glibc comes with the system: its parts fit together and to the kernel.
    ld-linux* | libc.so.* | libm.so.* | libdl.so.* | librt.so.* | libpthread.so.* | libresolv.so.* | libutil.so.*) continue ;;
    esac
    cp -L "$library" "$root/lib/"
    # The licence of its package.
    real=$(readlink -f "$library")
    package=$(dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}")
    package=${package%%:*}
    mkdir -p "$root/share/doc/$package"
    cp -L "/usr/share/doc/$package/copyright" "$root/share/doc/$package/"
done
# The licences and notices of what is inside the programs: Swift packages and the Swift runtime.
for package in .build/checkouts/*; do
    mkdir -p "$root/share/doc/${package##*/}"
    for text in "$package"/LICENSE* "$package"/NOTICE*; do
        [ ! -f "$text" ] || cp "$text" "$root/share/doc/${package##*/}/"
    done
done
mkdir -p "$root/share/doc/swift"
cp "$(dirname "$(readlink -f "$(command -v swiftc)")")/../share/swift/LICENSE.txt" "$root/share/doc/swift/" ||
    stop "The licence of Swift was not found beside $(command -v swiftc)."
# What processes read to compare names by what they mean, with its notices.
mkdir -p "$root/share/nimmerverse"
cp deploy/iris/minilm.table deploy/iris/names.links "$root/share/nimmerverse/"
mkdir -p "$root/share/doc/iris"
cp deploy/iris/NOTICE deploy/iris/LICENSE.wordnet "$root/share/doc/iris/"
mkdir -p "$root/deploy"
cp -R deploy/systems deploy/minds "$root/deploy/"
cp LICENSE CHANGELOG.md "$root/"
cp deploy/release.md "${root}/README.md"
chmod -R u=rwX,go=rX "$root"

tar -C "$folder" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"$root.tar.gz"
(cd "$folder" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
rm -rf "$root"
echo "$root.tar.gz: $(($(stat -c %s "$root.tar.gz") / 1000000)) MB"

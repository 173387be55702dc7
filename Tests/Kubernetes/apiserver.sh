#!/bin/bash
# Applies the cells' Deployments, the network policies and the accounts of the dev overlay to a real Kubernetes API server, on
# the server's side: kube-apiserver 1.20.2, built from Debian's source, beside Debian's etcd. Takes some minutes the first time
# and is run when asked for (Tests/Kubernetes/apiserver.sh), not by Tests/run.sh. What 1.20 lacks (policy/v1) is left out and named.
# Leaves nothing but the built server, under .build/kubernetes.
set -eu
cd "$(dirname "$0")/../.."
. deploy/prerequisites.sh

need_packages golang-go etcd-server dpkg-dev make rsync openssl python3-yaml
command -v kubectl >/dev/null || stop "There is no kubectl. Install it: https://kubernetes.io/docs/tasks/tools/"
work=$PWD/.build/kubernetes
mkdir -p "$work"

if [ ! -x "$work/kube-apiserver" ]; then
    say "Building kube-apiserver from Debian's source"
    sources=$work/sources.list
    # The same archive as the machine's own packages, for sources.
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >"$sources"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        awk '/^URIs:/ { uri = $2 } /^Suites:/ { suites = $0; sub(/^Suites: */, "", suites) } /^Components:/ { c = $0; sub(/^Components: */, "", c)
             n = split(suites, s, " "); for (i = 1; i <= n; i++) print "deb-src " uri " " s[i] " " c }' "$file" >>"$sources"
    done
    options="-o Dir::Etc::sourcelist=$sources -o Dir::Etc::sourceparts=- -o Dir::State::lists=$work/lists"
    mkdir -p "$work/lists/partial"
    # shellcheck disable=SC2086
    apt-get $options -q update >/dev/null
    # shellcheck disable=SC2086
    (cd "$work" && rm -rf kubernetes-1.20* && apt-get $options -q source kubernetes) || stop "no source of kubernetes 1.20.2"
    # As Debian builds it: in a GOPATH, with the sources that come along.
    mkdir -p "$work/go/src/k8s.io"
    rm -rf "$work/go/src/k8s.io/kubernetes"
    mv "$work"/kubernetes-1.20*/ "$work/go/src/k8s.io/kubernetes"
    (cd "$work/go/src/k8s.io/kubernetes" && GO111MODULE=off GOFLAGS= GOPATH="$work/go" GOCACHE="$work/cache" \
        KUBE_GIT_VERSION=v1.20.2 KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=archive make WHAT=cmd/kube-apiserver &&
        cp _output/bin/kube-apiserver "$work/kube-apiserver") || stop "kube-apiserver does not build"
    rm -rf "$work"/kubernetes_1.20* "$work/cache" "$work/go" "$work/lists"
fi

run=$(mktemp -d)
etcd_pid= api_pid=
finish() {
    status=$?
    [ -z "$api_pid" ] || kill "$api_pid" 2>/dev/null || true
    [ -z "$etcd_pid" ] || kill "$etcd_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    [ "$status" = 0 ] || tail -n 20 "$run"/*.log >&2 || true
    rm -rf "$run"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
etcd_port=$(free_port) peer_port=$(free_port) api_port=$(free_port)
say "Starting etcd and kube-apiserver on loopback ports"
ETCD_UNSUPPORTED_ARCH='' etcd --data-dir "$run/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
    --advertise-client-urls "http://127.0.0.1:$etcd_port" --listen-peer-urls "http://127.0.0.1:$peer_port" \
    >"$run/etcd.log" 2>&1 &
etcd_pid=$!
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=service-accounts -keyout "$run/sa.key" -out "$run/sa.pem" 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,tester,tester,system:masters" >"$run/tokens"
"$work/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 --secure-port "$api_port" \
    --cert-dir "$run/tls" --token-auth-file "$run/tokens" --authorization-mode RBAC --service-cluster-ip-range 10.0.0.0/24 \
    --service-account-key-file "$run/sa.key" --service-account-signing-key-file "$run/sa.key" \
    --service-account-issuer https://kubernetes.default.svc --disable-admission-plugins ServiceAccount \
    >"$run/apiserver.log" 2>&1 &
api_pid=$!
kube() { kubectl --kubeconfig /dev/null --server "https://127.0.0.1:$api_port" --insecure-skip-tls-verify --token "$token" "$@"; }
for _ in $(seq 120); do
    kube get --raw /readyz >/dev/null 2>&1 && break
    kill -0 "$api_pid" 2>/dev/null || stop "kube-apiserver ended at its start"
    sleep 0.5
done
kube version -o yaml | sed -n 's/^ *gitVersion: /  /p' | tail -n 1

say "Applying on the server's side"
kubectl kustomize deploy/kubernetes/overlays/dev >"$run/all.yaml"
python3 - "$run/all.yaml" "$run/old.yaml" <<'PY'
import sys, yaml
objects = list(yaml.safe_load_all(open(sys.argv[1])))
left = [o for o in objects if o["apiVersion"] == "policy/v1"]
yaml.safe_dump_all([o for o in objects if o not in left], open(sys.argv[2], "w"))
print("left out, unknown to 1.20:", ", ".join(f"{o['kind']}/{o['metadata']['name']}" for o in left))
PY
kube apply --server-side --validate=false -f "$run/old.yaml" | sort | sed 's/^/  /'
# Twice is the same as once, and what is stored is what was asked for.
kube apply --server-side --validate=false -f "$run/old.yaml" >/dev/null
name=$(kube -n nimmerverse-dev get deployment math -o jsonpath='{.spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem}')
[ "$name" = true ] || stop "the Deployment 'math' is not stored as it was applied"
kube -n nimmerverse-dev get deployments,statefulsets,jobs,networkpolicies --no-headers | awk '{ print "  " $1 }'
say "kube-apiserver took all of it"

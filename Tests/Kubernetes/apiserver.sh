#!/bin/bash
# Walks a reader's first steps (docs/deployment/kubernetes.md) on a real Kubernetes API server, and applies every overlay to it on
# the server's side: kube-apiserver 1.20.2, built from Debian's source, beside Debian's etcd. Takes some minutes the first time
# and is run when asked for (Tests/Kubernetes/apiserver.sh), not by Tests/run.sh. What 1.20 lacks (policy/v1) is left out and named.
# No kubelet is there: what is applied is stored and checked, and does not run. Leaves nothing but the built server, under
# .build/kubernetes.
set -eu
cd "$(dirname "$0")/../.."
. deploy/prerequisites.sh

need_packages golang-go etcd-server dpkg-dev make rsync openssl python3-yaml
nimmer=
for place in .build/release/nimmer .build/debug/nimmer; do [ -n "$nimmer" ] || [ ! -x "$place" ] || nimmer=$PWD/$place; done
[ -n "$nimmer" ] || stop "There is no nimmer yet: swift build --product nimmer"
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
    # The API server first: without its etcd it logs a lot.
    [ -z "$api_pid" ] || { kill "$api_pid" && wait "$api_pid"; } 2>/dev/null || true
    [ -z "$etcd_pid" ] || { kill "$etcd_pid" && wait "$etcd_pid"; } 2>/dev/null || true
    if [ "$status" != 0 ]; then
        echo "It did not get through; the servers' last words:" >&2
        grep -hE '^[EF][0-9]{4} |panic|fatal' "$run/apiserver.log" "$run/etcd.log" 2>/dev/null | tail -n 10 >&2 || true
    fi
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
# kubectl, configured for this server.
mkdir "$run/bin"
cat >"$run/bin/kubectl" <<END
#!/bin/sh
exec $(command -v kubectl) --kubeconfig /dev/null --server https://127.0.0.1:$api_port --insecure-skip-tls-verify --token $token "\$@"
END
chmod 700 "$run/bin/kubectl"
ln -s "$nimmer" "$run/bin/nimmer"
kube() { "$run/bin/kubectl" "$@"; }
for _ in $(seq 400); do
    kube get --raw /readyz >/dev/null 2>&1 && break
    kill -0 "$api_pid" 2>/dev/null || stop "kube-apiserver ended at its start"
    sleep 0.5
done
kube version -o yaml | sed -n 's/^ *gitVersion: /  /p' | tail -n 1

set -o pipefail
block() { # TITLE: the first commands under it in docs/deployment/kubernetes.md, but the one that 1.20 does not take as a whole
    awk -v title="## $1" '$0 == title { here = 1 } here && /^```/ { if (++fence == 2) exit; next } fence == 1' \
        docs/deployment/kubernetes.md | grep -v 'apply --server-side'
}
walk() { # ENVIRONMENT: a reader's steps
    { echo "env=$1" && block "The first time" | sed '/^env=/d' && [ "$1" = dev ] || block "Staging and prod"; } >"$run/steps.sh"
    [ "$(grep -c nimmerverse- "$run/steps.sh")" -ge 4 ] || stop "docs/deployment/kubernetes.md has no steps"
    (cd "$run/reader" && PATH="$run/bin:$PATH" NIMMERVERSE_ENV=$1 bash -euo pipefail "$run/steps.sh") | sed 's/^/  /'
}
mkdir "$run/reader"
cp deploy/kubernetes/system.yaml "$run/reader/plant.yaml"
for environment in dev prod; do
    say "Walking a reader's steps to $environment"
    walk "$environment"
done

apply() { # OVERLAY: what it has, but what 1.20 does not know
    kube kustomize "deploy/kubernetes/overlays/$1" >"$run/$1.yaml"
    python3 - "$run/$1.yaml" "$run/$1-old.yaml" <<'PY'
import sys, yaml
objects = list(yaml.safe_load_all(open(sys.argv[1])))
left = [o for o in objects if o["apiVersion"] == "policy/v1"]
yaml.safe_dump_all([o for o in objects if o not in left], open(sys.argv[2], "w"))
print("  left out, unknown to 1.20:", ", ".join(f"{o['kind']}/{o['metadata']['name']}" for o in left))
PY
    kube apply --server-side --validate=false -f "$run/$1-old.yaml" | sort | sed 's/^/  /'
    # Twice is the same as once.
    kube apply --server-side --validate=false -f "$run/$1-old.yaml" >/dev/null
}
for environment in dev staging prod; do
    say "Applying $environment on the server's side"
    apply "$environment"
    # What is stored is what was asked for.
    stored=$(kube -n "nimmerverse-$environment" get deployment math \
        -o jsonpath='{.spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem}')
    [ "$stored" = true ] || stop "the Deployment 'math' is not stored as it was applied"
done
for environment in dev prod; do
    say "Whether every Secret and ConfigMap that a pod of $environment mounts is there"
    kube -n "nimmerverse-$environment" get deployments,statefulsets,jobs,secrets,configmaps -o json >"$run/all.json"
    python3 - "$run/all.json" <<'PY'
import json, sys
items = json.load(open(sys.argv[1]))["items"]
there = {(i["kind"], i["metadata"]["name"]) for i in items}
mounted = set()
for item in items:
    for volume in item.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            if "secret" in source:
                mounted.add(("Secret", source["secret"].get("secretName") or source["secret"]["name"]))
            if "configMap" in source:
                mounted.add(("ConfigMap", source["configMap"]["name"]))
missing = sorted(mounted - there)
print(f"  {len(mounted)} are mounted; missing: {', '.join(map('/'.join, missing)) or 'none'}")
sys.exit(1 if missing or not mounted else 0)
PY
done
say "kube-apiserver took all of it"

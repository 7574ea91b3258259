#!/usr/bin/env bash
# Builds Kubernetes, etcd and the upstream NetworkPolicy suite from their Go modules, for machines that have neither
# Docker nor an image registry. Prints the folder of the binaries. Takes some minutes the first time, nothing after that.
#   build-kubernetes.sh CACHE-FOLDER       (KUBERNETES_VERSION)
set -euo pipefail
version=${KUBERNETES_VERSION:-1.34.4}
cache=$1
tools=$(cd "$(dirname "$0")" && pwd)
bin=$cache/kubernetes-$version
commands=(kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubectl kubelet)

is_built() { [[ -f $bin/complete ]]; }

# A module that imports every program: so one go.mod decides all versions. Kubernetes' own go.mod replaces its k8s.io
# dependencies by folders of its repository; they are published as modules too, with 0 for the 1 of the version.
write_module() {
  local gomod
  printf 'module cluster\n\ngo 1.24\n\nrequire k8s.io/kubernetes v%s\n' "$version" >go.mod
  gomod=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  awk -v version="0.${version#1.}" '/=> \.\/staging/ {print "replace " $1 " => " $1 " v" version}' "$gomod" >>go.mod
  {
    printf '//go:build tools\n\npackage cluster\n\nimport (\n'
    printf '\t_ "k8s.io/kubernetes/cmd/%s"\n' "${commands[@]}"
    printf '\t_ "%s"\n' k8s.io/kubernetes/test/images/agnhost go.etcd.io/etcd/server/v3
    printf ')\n'
  } >tools.go
  mkdir netpol && cp "$tools/netpol_test.go" netpol/
  go mod tidy
}

build() {
  local minor stamp
  minor=$(cut -d. -f2 <<<"$version")
  stamp=k8s.io/component-base/version
  export CGO_ENABLED=0
  go build -trimpath -o "$bin/" \
    -ldflags "-s -w -X $stamp.gitVersion=v$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor" \
    "${commands[@]/#/k8s.io/kubernetes/cmd/}"
  go build -trimpath -ldflags '-s -w' -o "$bin/etcd" go.etcd.io/etcd/server/v3
  go build -trimpath -ldflags '-s -w' -o "$bin/agnhost" k8s.io/kubernetes/test/images/agnhost
  go test -c -trimpath -ldflags '-s -w' -o "$bin/netpol.test" ./netpol
}

if ! is_built; then
  mkdir -p "$bin"
  exec 9>"$cache/lock" && flock 9 # another test run may be building the same
  if ! is_built; then
    source=$(mktemp -d)
    trap 'rm -rf "$source"' EXIT
    cd "$source"
    { write_module && build; } >&2
    touch "$bin/complete"
  fi
fi
echo "$bin"

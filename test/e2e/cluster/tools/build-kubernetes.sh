#!/usr/bin/env bash
# Builds programs of Kubernetes, etcd and the upstream NetworkPolicy suite (netpol.test) from their Go modules, for machines that
# have neither Docker nor an image registry. Prints the folder of the binaries. Each takes some minutes the first time, and
# nothing after that.
#   build-kubernetes.sh CACHE-FOLDER PROGRAM...       (KUBERNETES_VERSION)
set -euo pipefail
version=${KUBERNETES_VERSION:-1.34.4}
cache=$1
shift
tools=$(cd "$(dirname "$0")" && pwd)
bin=$cache/kubernetes-$version

missing() {
  local program
  for program; do [[ -x $bin/$program ]] || echo "$program"; done
}

# One go.mod decides all versions, also etcd's. Kubernetes' own go.mod replaces its k8s.io dependencies by folders of its
# repository; they are published as modules too, with 0 for the 1 of the version.
write_module() {
  local gomod
  printf 'module cluster\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v%s\n' "$version" >go.mod
  gomod=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  awk -v version="0.${version#1.}" '/=> \.\/staging/ {print "replace " $1 " => " $1 " v" version}' "$gomod" >>go.mod
  mkdir netpol && cp "$tools/netpol_test.go" netpol/
}

build() { # PROGRAM
  local stamp=k8s.io/component-base/version minor what=(build)
  minor=$(cut -d. -f2 <<<"$version")
  case $1 in
    etcd) what+=(go.etcd.io/etcd/server/v3) ;;
    agnhost) what+=(k8s.io/kubernetes/test/images/agnhost) ;;
    netpol.test) what=(test -c ./netpol) ;;
    *) what+=("k8s.io/kubernetes/cmd/$1") ;;
  esac
  CGO_ENABLED=0 go "${what[0]}" -mod=mod -trimpath -o "$1" \
    -ldflags "-s -w -X $stamp.gitVersion=v$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor" "${what[@]:1}"
  mv "$1" "$bin/$1"
}

if [[ -n $(missing "$@") ]]; then
  mkdir -p "$bin"
  exec 9>"$cache/lock" && flock 9 # another test run may be building the same
  mapfile -t programs < <(missing "$@")
  ((${#programs[@]})) || { echo "$bin" && exit; }
  PATH=$("$tools/go.sh" "$cache"):$PATH
  work=$(mktemp -d "$cache/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  {
    write_module
    for program in "${programs[@]}"; do
      echo "building $program $version"
      build "$program"
    done
  } >&2
fi
echo "$bin"

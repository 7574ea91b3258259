#!/usr/bin/env bash
# Prints the folder of a `go` program that can build Kubernetes: the one on the PATH if it is new enough, else one that is fetched
# once and kept. Go is published as a Go module too (golang.org/toolchain), so it comes from where all modules come from: the
# proxies that GOPROXY names (`go help goproxy`). Its checksum is checked before anything of it runs.
#   go.sh CACHE-FOLDER
set -euo pipefail
cache=$1
needed=1.24 version=1.26.8
declare -A checksums=(
  [amd64]=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
  [arm64]=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99
)
machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
folder=$cache/go-$version

is_new_enough() {
  local found
  found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -1) || return 1
  printf '%s\n' "$needed" "$found" | sort --version-sort --check=quiet
}

# As Go does: from the environment, else from its file of settings; separated by commas or bars.
proxies() {
  local setting=${GOPROXY:-} file=${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env}
  [[ -n $setting || ! -f $file ]] || setting=$(sed -n 's/^GOPROXY=//p' "$file")
  tr -s ',|' '\n' <<<"${setting:-https://proxy.golang.org,direct}"
}

fetch() { # FILE
  local proxy module=golang.org/toolchain/@v/v0.0.1-go$version.linux-$machine.zip
  while read -r proxy; do
    case $proxy in
      off) break ;;
      direct) proxy=https://go.dev/dl/mod ;; # what golang.org/toolchain?go-get=1 says
    esac
    curl --fail --silent --show-error --location --netrc-optional --retry 2 --output "$1" "${proxy%/}/$module" || continue
    sha256sum --check --status <<<"${checksums[$machine]}  $1" && return
    echo "go.sh: what one of the proxies of GOPROXY sent is not Go $version: its checksum is wrong" >&2
  done < <(proxies)
  echo "go.sh: Go $version is nowhere to be had: no proxy of GOPROXY has it; install Go $needed or newer" >&2
  return 1
}

# Modules keep no permission to execute, and none of their files is called go.mod.
unpack() { # FILE FOLDER
  unzip -q "$1" -d "$2"
  mv "$2"/golang.org/toolchain@*/* "$2"
  rm -r "$2/golang.org"
  chmod -R +x "$2/bin" "$2/pkg/tool"
  find "$2/src" -name _go.mod -execdir mv {} go.mod \;
}

if is_new_enough; then
  dirname "$(command -v go)"
  exit
fi
if [[ ! -d $folder ]]; then
  [[ -n ${checksums[$machine]:-} ]] || { echo "go.sh: no Go is known for $machine; install Go $needed or newer" >&2; exit 1; }
  mkdir -p "$cache"
  exec 8>"$cache/go.lock" && flock 8 # another test run may be fetching the same
  if [[ ! -d $folder ]]; then
    echo "go.sh: fetching Go $version" >&2
    work=$(mktemp -d "$cache/go.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/go"
    fetch "$work/go.zip"
    unpack "$work/go.zip" "$work/go"
    mv "$work/go" "$folder"
  fi
fi
echo "$folder/bin"

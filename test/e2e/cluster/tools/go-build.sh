#!/usr/bin/env bash
# Checks and builds one of the small Go programs of this folder, which need nothing but the standard library.
#   go-build.sh CACHE-FOLDER OUT SOURCE        (SOURCE: FILE.go, or a folder of such files)
set -euo pipefail
source=$(dirname "$(realpath "$0")")/$3
sources=("$source")
[[ ! -d $source ]] || sources=("$source"/*.go)
PATH=$("$(dirname "$0")/go.sh" "$1"):$PATH
export CGO_ENABLED=0
go vet "${sources[@]}"
go build -trimpath -ldflags '-s -w' -o "$2" "${sources[@]}"

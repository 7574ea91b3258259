#!/usr/bin/env bash
# Builds one of the small Go programs of this folder, which need nothing but the standard library.
#   go-build.sh CACHE-FOLDER OUT SOURCE        (SOURCE: FILE.go, or a folder of such files)
set -euo pipefail
source=$(dirname "$(realpath "$0")")/$3
[[ ! -d $source ]] || source=$source/*.go
PATH=$("$(dirname "$0")/go.sh" "$1"):$PATH
# shellcheck disable=SC2086 # the files of a folder
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$2" $source

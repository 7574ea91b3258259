#!/usr/bin/env bash
# Builds one of the small Go programs of this folder, which need nothing but the standard library.
#   go-build.sh OUT FILE.go
set -euo pipefail
source=$(dirname "$(realpath "$0")")/$2
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1" "$source"

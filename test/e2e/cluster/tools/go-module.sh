#!/usr/bin/env bash
# Downloads a Go module, for files of it that are no programs, and prints its folder.
#   go-module.sh CACHE-FOLDER MODULE@VERSION
set -euo pipefail
PATH=$("$(dirname "$0")/go.sh" "$1"):$PATH
cd / # in no module
go mod download -json "$2" | sed -n 's/^\t"Dir": "\(.*\)".*/\1/p'

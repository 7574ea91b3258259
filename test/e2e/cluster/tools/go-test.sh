#!/usr/bin/env bash
# Builds the tests of a package of a Go module into one program, with the dependencies that the module itself names. Does nothing
# for what is there.
#   go-test.sh CACHE-FOLDER OUT MODULE@VERSION PACKAGE        (relative to the module)
set -euo pipefail
cache=$1 out=$2 module=$3 package=$4
if [[ ! -x $out ]]; then
  tools=$(cd "$(dirname "$0")" && pwd)
  mkdir -p "$(dirname "$out")"
  exec 9>"$out.lock" && flock 9 # another test run may be building the same
  if [[ ! -x $out ]]; then
    echo "building the tests of $module, $package" >&2
    cd "$("$tools/go-module.sh" "$cache" "$module")"
    PATH=$("$tools/go.sh" "$cache"):$PATH
    CGO_ENABLED=0 go test -c -trimpath -ldflags '-s -w' -o "$out.new" "./$package" >&2
    mv "$out.new" "$out"
  fi
fi
echo "$out"

#!/usr/bin/env bash
# `go install` for modules that it refuses because their go.mod replaces or excludes others. Does nothing for what is there.
#   go-install.sh [--tags=TAGS] FOLDER MODULE@VERSION PACKAGE...        (packages relative to the module; TAGS of the build)
# Go itself comes to the folder around FOLDER, if there is none (go.sh).
# For example: go-install.sh out github.com/prometheus/prometheus@v0.305.0 cmd/promtool
set -euo pipefail
tags=''
if [[ $1 == --tags=* ]]; then
  tags=${1#*=}
  shift
fi
folder=$1 module=${2%@*} version=${2#*@}
shift 2
mkdir -p "$folder"
folder=$(realpath "$folder")

path_of() { if [[ $1 == . ]]; then echo "$module"; else echo "$module/$1"; fi; }

missing=()
for package; do
  [[ -x $folder/$(basename "$(path_of "$package")") ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

PATH=$("$(dirname "$0")/go.sh" "$(dirname "$folder")"):$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
gomod=$(go mod download -json "$module@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
  printf 'module wrapper\n\ngo %s\n\nrequire %s %s\n' "$(awk '$1 == "go" {print $2}' "$gomod")" "$module" "$version"
  awk '/^(replace|exclude) \(/ {block = 1} block || /^(replace|exclude) [^(]/ {print} /^\)/ {block = 0}' "$gomod"
} >go.mod
{
  printf '//go:build tools\n\npackage wrapper\n\n'
  for package in "${missing[@]}"; do echo "import _ \"$(path_of "$package")\""; done
} >tools.go
go mod tidy -e >tidy.log 2>&1 || cat tidy.log >&2
for package in "${missing[@]}"; do
  CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags '-s -w' -tags "$tags" -o "$folder/" "$(path_of "$package")"
done

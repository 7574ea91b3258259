#!/usr/bin/env bash
# Builds an ordinary Dockerfile with buildah, without an image registry (see base-images.sh), and writes the image as an archive.
#   build-image.sh NAME CONTEXT OUT.tar [BUILDAH-OPTION...]
# This machine's certificates and npm settings are mounted from outside: they are in no layer.
set -euo pipefail
name=$1 context=$2 out=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -L "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$work/ca.crt"
printf 'cafile=/run/build/ca.crt\nfund=false\naudit=false\nupdate-notifier=false\n' >"$work/npmrc"
buildah bud --isolation chroot --network host --pull-never --layers --format docker \
  --volume "$work:/run/build:ro" --volume "$work/npmrc:/root/.npmrc:ro" "$@" --tag "$name" "$context"
rm -f "$out"
buildah push --quiet "$name" "docker-archive:$out:$name"

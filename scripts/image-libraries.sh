#!/bin/sh
# Dockerfile's: libraries for production for one platform, without what only developers read.
#   image-libraries.sh amd64|arm64        in a folder with package.json and package-lock.json
set -eu
case $1 in
  amd64) cpu=x64 ;;
  arm64) cpu=arm64 ;;
  *) echo "no image is made for $1" >&2; exit 1 ;;
esac
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --os=linux --cpu="$cpu" --libc=glibc
cd node_modules
test -d "@koromix/koffi-linux-$cpu" # else the agent would not start
rm -rf @types koffi/doc koffi/vendor @koromix/koffi-*/musl*
rm -rf bare-*/prebuilds # native parts for Bare, another runtime
find . -type f \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.md' \) ! -iname '*licen[cs]e*' -delete
find . -type d -empty -delete
chmod -R go-w .

#!/bin/sh
# Installs what the tests and the demo need on a Debian machine as root: packages and node_modules. Does nothing where all is there.
set -eu
cd "$(dirname "$0")/.."
missing=''
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
PATH=$PATH:/usr/sbin:/sbin
need nft nftables
need ip iproute2
need conntrack conntrack
need iperf3 iperf3
need openssl openssl
need curl curl
need unzip unzip
need update-ca-certificates ca-certificates
[ -d /proc/sys/net/bridge ] || need modprobe kmod
if [ -n "$missing" ]; then
  echo "setup: installing$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of package names
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null
fi
# Labs have bridges, whose settings exist once br_netfilter is loaded. What the machine's own bridges do stays as it is.
if ! [ -d /proc/sys/net/bridge ]; then
  echo 'setup: loading br_netfilter' >&2
  modprobe br_netfilter || { echo 'setup: labs need the kernel module br_netfilter: load it on the machine itself' >&2; exit 1; }
  for setting in /proc/sys/net/bridge/bridge-nf-call-*; do echo 0 >"$setting"; done
fi
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  echo 'setup: npm ci' >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi

#!/bin/sh
# Installs what the nodes of a whole cluster need from Debian, as root. Does nothing where all is there.
set -eu
PATH=$PATH:/usr/sbin:/sbin
missing=''
need() { [ -e "$1" ] || command -v "$1" >/dev/null || missing="$missing $2"; }
need conntrack conntrack
need containerd containerd
need ip iproute2
need iptables iptables
need nft nftables
need openssl openssl
need runc runc
need /usr/lib/cni/ptp containernetworking-plugins
[ -n "$missing" ] || exit 0
echo "packages: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of package names
apt-get install -y -qq --no-install-recommends $missing >/dev/null

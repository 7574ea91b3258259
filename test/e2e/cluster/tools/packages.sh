#!/bin/sh
# Installs from Debian, as root, what the nodes of a whole cluster need, or what building images needs. Does nothing where all is there.
#   packages.sh nodes|images
set -eu
PATH=$PATH:/usr/sbin:/sbin
missing=''
need() { [ -e "$1" ] || command -v "$1" >/dev/null || missing="$missing $2"; }
case $1 in
  nodes)
    need conntrack conntrack
    need containerd containerd
    need ip iproute2
    need iptables iptables
    need nft nftables
    need openssl openssl
    need runc runc
    need /usr/lib/cni/ptp containernetworking-plugins
    ;;
  images)
    need buildah buildah
    need debootstrap debootstrap
    ;;
esac
[ -n "$missing" ] || exit 0
echo "packages: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of package names
apt-get install -y -qq --no-install-recommends $missing >/dev/null

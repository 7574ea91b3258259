#!/bin/sh
# Dockerfile's: everything that node, nft and bin/vethguard need of Debian, as the root folder of an image: programs, the
# libraries they are linked with, and what scanners and licences ask for. Nothing else of the base image is taken.
#   image-root.sh FOLDER
set -eu
root=$1
programs='/usr/local/bin/node /usr/sbin/nft /usr/bin/dash /usr/bin/dirname /usr/bin/readlink'
# Not newer than what nodes have: what later versions store in the kernel makes some older ones crash when they list it.
nftables_version='1.0.6-*'

apt-get update -qq
apt-get install -y -qq --no-install-recommends "nftables=$nftables_version" netbase libstdc++6 >/dev/null

# Debian's / has links to /usr/bin, /usr/lib …: they are made first, so that every path stays where programs look for it.
for link in bin sbin lib lib64; do
  [ ! -L "/$link" ] || { mkdir -p "$root/usr/$link"; ln -s "usr/$link" "$root/$link"; }
done
mkdir -p "$root/dev" "$root/etc" "$root/proc" "$root/sys" "$root/tmp" "$root/var/lib/dpkg/status.d"
chmod 1777 "$root/tmp"

take() { # PATH: as file, where links to it lead
  real=$(readlink -f "$1")
  mkdir -p "$root$(dirname "$1")" "$root$(dirname "$real")"
  cp --preserve=mode,timestamps "$real" "$root$real"
  [ "$(readlink -f "$root$1")" = "$(readlink -f "$root$real")" ] || ln -s "$real" "$root$1"
}

# shellcheck disable=SC2086 # lists of paths
libraries=$(ldd $programs | grep -o '/[^ :]*\.so[^ :]*' | sort -u)
for file in $programs $libraries /etc/protocols; do take "$file"; done # nft reads names of protocols
ln -s dash "$root/usr/bin/sh"
ln -s /app/bin/vethguard "$root/usr/local/bin/vethguard" # comes from another layer
printf 'root:x:0:0:root:/:/usr/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# What package a file is of, also where dpkg knows it by the path before Debian merged / and /usr.
package_of() {
  real=$(readlink -f "$1")
  dpkg-query --search "$real" 2>/dev/null || dpkg-query --search "${real#/usr}" 2>/dev/null || true
}
# One file a package, with copyright: as distroless images have it, and as scanners of vulnerabilities look for it.
# shellcheck disable=SC2086
for package in $(for file in $programs $libraries /etc/protocols; do package_of "$file"; done | cut -d: -f1 | sort -u) base-files; do
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$package"
  mkdir -p "$root/usr/share/doc/$package"
  cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
done
take /etc/os-release
chmod -R go-w "$root"

# What is missing shows here, and not on a node.
for program in node nft; do chroot "$root" "$program" --version; done

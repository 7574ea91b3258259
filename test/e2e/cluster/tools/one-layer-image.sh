#!/usr/bin/env bash
# Writes an image of static programs, without a base, as the archive that `docker load` and `ctr images import` read.
#   one-layer-image.sh OUT.tar PROGRAM[,PROGRAM...] NAME[,NAME...] [ARGUMENT...]
# PROGRAM is a file, put into / under its own name, or PATH=FILE, put at /PATH. The first is what containers run; ARGUMENTs are
# those of containers without any.
set -euo pipefail
out=$(realpath -m "$1") names=$3
IFS=, read -ra programs <<<"$2"
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

quoted() { for text; do printf '"%s",' "$text"; done | sed 's/,$//'; }
path_of() { if [[ $1 == *=* ]]; then echo "${1%%=*}"; else basename "$1"; fi; }
digest() { sha256sum "$1" | cut -d' ' -f1; }

root=$work/root
mkdir -p "$root"/{dev,etc,proc,sys,tmp}
chmod 1777 "$root/tmp"
printf 'root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
for program in "${programs[@]}"; do install -D --mode 755 "${program#*=}" "$root/$(path_of "$program")"; done
tar --create --file "$work/layer.tar" --owner 0 --group 0 --numeric-owner --directory "$root" .

cat >"$work/config.json" <<JSON
{
  "architecture": "$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')", "os": "linux",
  "config": {"Entrypoint": ["/$(path_of "${programs[0]}")"], "Cmd": [$(quoted "$@")], "Env": ["PATH=/"]},
  "rootfs": {"type": "layers", "diff_ids": ["sha256:$(digest "$work/layer.tar")"]}
}
JSON
config=$(digest "$work/config.json").json
mv "$work/config.json" "$work/$config"
IFS=, read -ra tags <<<"$names"
printf '[{"Config": "%s", "RepoTags": [%s], "Layers": ["layer.tar"]}]' "$config" "$(quoted "${tags[@]}")" >"$work/manifest.json"
tar --create --file "$out" --directory "$work" manifest.json "$config" layer.tar

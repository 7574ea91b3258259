#!/usr/bin/env bash
# First process of a node: runs as process 1 of a process namespace of its own and in a mount namespace of its own, so that
# whatever the node has started and mounted is gone as soon as this process is killed.
#   machine.sh FOLDER KUBELET KUBE-PROXY NODE-NAME NODE-ADDRESSES        (FOLDER: as node-files.ts fills it)
set -euo pipefail
folder=$1 kubelet=$2 proxy=$3 name=$4 addresses=$5
mount --make-rshared /
# What the programs keep at places of their own choice stays out of the machine's; in /run/netns everybody's `ip netns` would
# list the handles on pods' namespaces.
for place in /run/containerd /run/netns /var/lib/cni /var/lib/kubelet /var/log/containers; do
  mkdir -p "$place"
  mount -t tmpfs node "$place"
done

containerd --config "$folder/containerd.toml" >"$folder/containerd.log" 2>&1 &
until [[ -S $folder/containerd.sock ]]; do
  kill -0 $! # with it gone there is nothing to wait for
  sleep 0.05
done
"$kubelet" --config "$folder/kubelet.json" --kubeconfig "$folder/../$name.kubeconfig" \
  --root-dir "$folder/kubelet" --cert-dir "$folder/kubelet/pki" --hostname-override "$name" --node-ip "$addresses" >"$folder/kubelet.log" 2>&1 &
"$proxy" --config "$folder/kube-proxy.json" >"$folder/kube-proxy.log" 2>&1 &
wait -n # a node that lost one of the three is no node; until then bash reaps what containers leave to process 1

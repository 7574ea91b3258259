#!/bin/sh
# Flannel as the CNI of a kind cluster made with kind.yaml: docs/install.md explains each step.
#   flannel-on-kind.sh [CLUSTER]
set -eu
cluster=${1:-kind}
flannel=v0.28.9
for node in $(kind get nodes --name "$cluster"); do
  # Flannel leaves bridges to a plugin that kind's nodes do not have; they are Debian.
  docker exec "$node" sh -c '
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends containernetworking-plugins >/dev/null
    cp /usr/lib/cni/bridge /opt/cni/bin/'
done
sudo modprobe br_netfilter # of the machine: nodes share its kernel
kubectl apply -f "https://github.com/flannel-io/flannel/releases/download/$flannel/kube-flannel.yml"
kubectl -n kube-flannel rollout status daemonset/kube-flannel-ds --timeout 3m
kubectl wait --for condition=Ready nodes --all --timeout 3m

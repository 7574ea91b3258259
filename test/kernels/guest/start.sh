#!/bin/sh
# Process 1 of the machine: what an init would do, then the tests in one process of jest, then the end. Lines with @vethguard are for the
# host (records.ts).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 NO_COLOR=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -o remount,rw /
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/netns
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
# Tunnel modules put devices of their own into each namespace, unless they are told not to.
echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
modprobe br_netfilter
for setting in /proc/sys/net/bridge/bridge-nf-call-*; do echo 0 >"$setting"; done
cd /opt/vethguard || busybox poweroff -f
echo "@vethguard {\"kind\":\"kernel\",\"release\":\"$(uname -r)\",\"version\":\"$(uname -v)\",\"machine\":\"$(uname -m)\"}"
# An emulated processor is some twenty times slower. Repeating is for finding what is rare; here it is asked whether it works at all.
export VETHGUARD_PATIENCE=20 VETHGUARD_REPEATS=0.1 PROPERTY_RUNS=10 SEED=7 UV_THREADPOOL_SIZE=16
export PATH="$PWD/node_modules/.bin:$PATH"
node=$PWD/node_modules/node/bin/node
# What programs start with is compiled once, and not by each of the many processes of tests.
export NODE_COMPILE_CACHE=/tmp/compiled
"$node" src/main.ts agent --help >/dev/null
"$node" --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js --config test/kernels/guest/jest.config.js --runInBand
echo "@vethguard {\"kind\":\"end\",\"code\":$?}"
busybox poweroff -f

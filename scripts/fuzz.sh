#!/bin/sh
# `npm run fuzz [-- MINUTES]`: the property tests with new seeds, ten times the usual cases a round, until something fails, the
# time is over (default: an hour), or somebody has seen enough.
set -eu
end=$(($(date +%s) + ${1:-60} * 60))
round=0
while [ "$(date +%s)" -lt "$end" ]; do
  round=$((round + 1))
  echo "fuzz: round $round"
  PROPERTY_RUNS=3000 sh "$(dirname "$0")/test.sh" --silent test/compiler test/nftables test/netlink/nf-tables test/packets/random-clusters test/manifests test/policy
done
echo "fuzz: $round rounds without a failure"

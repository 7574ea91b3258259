#!/bin/sh
# `npm test`: types, lint, and every test that has no command of its own (package.json); arguments go to jest.
# The first time on a machine etcd and an API server are built (minutes).
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
PATH=$PWD/node_modules/.bin:$PATH
if [ $# -eq 0 ]; then
  node node_modules/@typescript/native/bin/tsc -p tsconfig.json
  node node_modules/eslint/bin/eslint.js .
  node test/e2e/build.ts
fi
SEED=${SEED:-$(od -An -N4 -td4 /dev/urandom | tr -d ' ')}
echo "properties: SEED=$SEED"
export SEED
UV_THREADPOOL_SIZE=16 exec node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js "$@"

#!/bin/sh
# Installs the npm packages whose clients the tests talk to the server with; without npm those tests are skipped.
set -eu
folder=tests/support/node
[ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && exit 0
if ! command -v npm >/dev/null; then
    echo "npm is not installed: the tests with tus-js-client are skipped." >&2
    exit 0
fi
npm ci --prefix "$folder" --no-audit --no-fund --silent || echo "npm ci failed: the tests with tus-js-client are skipped." >&2

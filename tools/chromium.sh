#!/bin/sh
# Browser tests drive a Chromium of the system. Installs it where that needs no question; else says so: never fails.
set -u
for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests (apt-get) …"
    if apt-get update -qq >/dev/null 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "NOTE: no Chromium found: browser tests are skipped (Debian: apt-get install chromium)." >&2
exit 0

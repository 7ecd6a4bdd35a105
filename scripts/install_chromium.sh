#!/bin/sh
# The browser tests drive the system's Chromium: install it where it is missing and this user may.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if ! command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium and no apt-get here: the browser tests will skip. Install Chromium to run them." >&2
    exit 0
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then sudo="sudo -n"; else
        echo "No Chromium here and this user may not install it: the browser tests will skip." >&2
        exit 0
    fi
fi
echo "Installing Chromium and libgomp1 for the tests ..."
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium libgomp1 fonts-dejavu-core >/dev/null

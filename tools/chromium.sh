#!/bin/sh
# Prints the path of the chromium that the browser tests drive, and installs one where that is allowed.
set -eu

if [ -n "${FLOCK_CHROMIUM:-}" ]; then
    command -v "$FLOCK_CHROMIUM" && exit
    echo "FLOCK_CHROMIUM is set to '$FLOCK_CHROMIUM', which cannot be run: correct it, or unset it." >&2
    exit 1
fi

find_chromium() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

find_chromium || { "$(dirname "$0")/apt-install.sh" chromium && find_chromium; } || {
    echo "The browser tests need chromium: install it, or set FLOCK_CHROMIUM to its path." >&2
    exit 1
}

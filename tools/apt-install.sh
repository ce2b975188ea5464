#!/bin/sh
# Installs Debian packages where that needs no questions: as root, or with a sudo that asks for no password.
set -eu

if [ "$(id -u)" -eq 0 ]; then
    as_root=env
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n env"
fi
if [ -z "${as_root:-}" ] || ! command -v apt-get >/dev/null; then
    echo "Please install $* with your system's package manager and try again." >&2
    exit 1
fi

echo "Installing $* from the system's packages" >&2
$as_root apt-get -qq update >&2
$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2

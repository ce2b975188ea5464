#!/bin/sh
# Puts the pinned uv into .tools with the first Python >= 3.11 on the PATH. The Makefile calls it when there is no uv.
set -eu
cd "$(dirname "$0")/.."

for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "flock needs Python 3.11 or newer, and there is none on the PATH. Install one, or install uv, and try again." >&2
    exit 1
fi

echo "Installing uv into .tools"
if "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip .tools # unpacking a second pip takes longer than all the rest
    pip="$python -m pip --python .tools"
else
    "$python" -c 'import ensurepip' 2>/dev/null ||
        tools/apt-install.sh "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    "$python" -m venv .tools
    pip=".tools/bin/python -m pip"
fi
# Only uv: the file's other packages are for building, and uv installs them itself.
sed -n '/^uv==/,/[^\\]$/p' requirements-tools.txt |
    $pip install --quiet --no-compile --disable-pip-version-check --require-hashes --requirement /dev/stdin
touch -c .tools/bin/uv

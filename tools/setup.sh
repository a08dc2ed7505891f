#!/bin/sh
# Makes the virtual environment named by $1 with the first Python that is new enough, and installs the pinned packages.
set -eu
venv="$1"

new_enough() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    found=""
    for python in ${PYTHON_FOR_HUYING:-} python3.12 python3.13 python3.11 python3; do
        if command -v "$python" >/dev/null && new_enough "$python"; then found="$python"; break; fi
    done
    if [ -z "$found" ]; then
        echo "Python 3.11 or newer with venv and pip is needed (Debian, Ubuntu: apt-get install python3 python3-venv)." >&2
        exit 1
    fi
    rm -rf "$venv"
    "$found" -m venv "$venv"
fi
echo "Installing the packages of pyproject.toml into $venv …"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'

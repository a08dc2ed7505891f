#!/bin/sh
# Writes constraints.txt from a fresh environment, so that nothing a developer happens to have gets into it.
set -eu
fresh="$(mktemp -d)"
trap 'rm -rf "$fresh"' EXIT
python="${PYTHON_FOR_HUYING:-.venv/bin/python}"
"$python" -m venv "$fresh/venv"
"$fresh/venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[dev]'
{
    echo "# Exact versions of everything that \`make\` installs. Written by \`make constraints\`; not edited by hand."
    "$fresh/venv/bin/python" -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9_.-]+==' | LC_ALL=C sort -f
} >constraints.txt

#!/bin/sh
# Sets up the isolated environment $1 with pinned dependencies; one clear line when the machine cannot.
set -eu
venv=$1
python=${PYTHON:-python3}
say() { printf 'setup: %s\n' "$1" >&2; }

command -v "$python" >/dev/null 2>&1 || { say "no $python found; install Python 3.11 or newer, or say make PYTHON=/path/to/python3"; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    say "$("$python" --version 2>&1) is too old; Python 3.11 or newer is needed (make PYTHON=/path/to/python3.11)"; exit 1; }
"$python" -c 'import venv, ensurepip' 2>/dev/null || {
    say "this Python has no venv module; install it (Debian, Ubuntu: apt install python3-venv)"; exit 1; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf "$venv"
"$python" -m venv "$venv" >"$log" 2>&1 || { say "the environment $venv cannot be made: $(tail -n 1 "$log")"; exit 1; }
say "installing pinned dependencies into $venv (once, about a minute)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --constraint constraints.txt --editable '.[dev,serve]' >"$log" 2>&1 || {
    say "a download or build failed: $(grep -i error "$log" | tail -n 1)"; rm -rf "$venv"; exit 1; }
touch "$venv/.ready"
say "the program is $venv/bin/myquant-tui"

#!/usr/bin/env bash
# Front door of the tests: installs, builds, runs, counts. The last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v python3 >/dev/null; then
  deploy/build/install.sh product
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 tests/tools/run.py "$@"

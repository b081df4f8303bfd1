#!/usr/bin/env bash
# Front door of the benchmarks: installs, builds, runs, prints each figure beside its floor or peer.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v python3 >/dev/null; then
  deploy/build/install.sh product
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 bench/tools/run.py "$@"

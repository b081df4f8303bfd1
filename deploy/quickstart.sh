#!/usr/bin/env bash
# The main job of Outrigger on this machine, without a cluster: installs, builds, runs, verifies.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
usage: deploy/quickstart.sh [--executors N] [--logs DIR] [--build DIR] [--no-install]

Installs the Debian packages that are missing, builds the product, starts an embedded API server (TLS, token,
30 to 100 ms a create), the agent and the example driver, and runs the main job: N executors up (default 1000),
fifty deaths of ten causes, the agent killed in the middle of a scale-up, every watch dropped and the history
compacted, down to 10, drain. Then it verifies everything against the server's own record.
Exits 0 only if all of it holds. Logs stay in a directory that it names.
TEXT
}

build=build/product
install=yes
job=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --executors | --logs)
      [[ $# -ge 2 ]] || { echo "quickstart: $1 wants a value" >&2; exit 2; }
      job+=("$1" "$2"); shift 2 ;;
    --build)
      [[ $# -ge 2 ]] || { echo "quickstart: --build wants a directory" >&2; exit 2; }
      build=$2; shift 2 ;;
    --no-install) install=no; shift ;;
    *) echo "quickstart: unknown argument '$1' (see --help)" >&2; exit 2 ;;
  esac
done

if [[ $install == yes ]]; then
  deploy/build/install.sh product tests bench
fi
# Test and bench targets are declared but not built: only the four programs are.
cmake -C deploy/build/product.cmake -G Ninja -S . -B "$build" >"${TMPDIR:-/tmp}/outrigger-cmake.$$" 2>&1 || {
  cat "${TMPDIR:-/tmp}/outrigger-cmake.$$" >&2
  echo "quickstart: cmake failed in $build" >&2
  exit 1
}
rm -f "${TMPDIR:-/tmp}/outrigger-cmake.$$"
ninja -C "$build" outrigger-agent outrigger-apiserver outrigger-example-driver agentctl
exec python3 -B deploy/quickstart/main_job.py --bin "$build/bin" ${job[@]+"${job[@]}"}

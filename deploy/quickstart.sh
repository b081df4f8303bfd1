#!/usr/bin/env bash
# The main job of Outrigger on this machine, without a cluster: installs, builds, runs, verifies.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
usage: deploy/quickstart.sh [--executors N] [--spark LINE] [--build DIR] [--no-install]
       deploy/quickstart.sh --no-spark [--executors N] [--logs DIR] [--build DIR] [--no-install]

Outrigger on this machine, without a cluster. Installs the Debian packages that are missing, builds the product, and
runs a job of stock Apache Spark: `outrigger-agent run -- spark-submit pi.py` against an embedded API server whose
kubelet runs executors as real processes. Brings Spark from its Python package, once (450 MB). Shows the executors as
they come and go, the job's result and the figures.

--no-spark   the main job with the example driver instead: 0 to N executors (default 1000, simulated), fifty deaths of
             ten causes, the agent killed in the middle of a scale-up, every watch dropped and the history compacted,
             down to 10, drain. Chosen by itself, with the reason, where Spark can't run (no root, no Java 17).
Either way everything is verified against the server's own record: exits 0 only if all of it holds.
TEXT
}

build=build/product
install=yes
spark=yes
job=()
line=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --no-spark) spark=no; shift ;;
    --spark)
      [[ $# -ge 2 ]] || { echo "quickstart: --spark wants a line, such as 4.1" >&2; exit 2; }
      line=(--spark "$2"); shift 2 ;;
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
  if [[ $spark == yes ]]; then
    deploy/build/install.sh spark || echo "quickstart: Spark's packages could not be installed" >&2
  fi
fi
if [[ $spark == yes ]] && ! reason=$(python3 -B deploy/quickstart/spark_job.py --build "$build" --can-run); then
  echo "quickstart: no Spark here: ${reason:-see above}; going on with the example driver (--no-spark)" >&2
  spark=no
fi
# Test and bench targets are declared but not built: only the programs are.
cmake -C deploy/build/product.cmake -G Ninja -S . -B "$build" >"${TMPDIR:-/tmp}/outrigger-cmake.$$" 2>&1 || {
  cat "${TMPDIR:-/tmp}/outrigger-cmake.$$" >&2
  echo "quickstart: cmake failed in $build" >&2
  exit 1
}
rm -f "${TMPDIR:-/tmp}/outrigger-cmake.$$"
if [[ $spark == yes ]]; then
  ninja -C "$build" outrigger-agent outrigger-apiserver agentctl outrigger_jni
  exec python3 -B deploy/quickstart/spark_job.py --build "$build" ${line[@]+"${line[@]}"} ${job[@]+"${job[@]}"}
fi
ninja -C "$build" outrigger-agent outrigger-apiserver outrigger-example-driver agentctl
exec python3 -B deploy/quickstart/main_job.py --bin "$build/bin" ${job[@]+"${job[@]}"}

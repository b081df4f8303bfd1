#!/usr/bin/env bash
# What the agent's image holds, laid out in a directory: programs, and the driver's side for every Scala line of Spark.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: deploy/image/stage.sh BUILD DIR

Makes DIR/bin (outrigger-agent, agentctl) and DIR/share/outrigger/shim/{2.12,2.13} (jar and native library, for
`outrigger-agent install-shim`) from a build tree that has outrigger-agent, agentctl and outrigger_jni. Builds the jars by Maven.
TEXT
}
case "${1:-}" in -h | --help) usage; exit 0 ;; esac
[[ $# -eq 2 ]] || { usage >&2; exit 2; }
build=$(realpath "$1")
stage=$(realpath -m "$2")
cd "$(dirname "$0")/../.."

for file in bin/outrigger-agent bin/agentctl lib/liboutrigger_jni.so; do
  [[ -f "$build/$file" ]] || { echo "stage.sh: $build/$file was not built" >&2; exit 1; }
done
mvn -q -B -f shim/java/pom.xml package -DskipTests
install -D -s -t "$stage/bin" "$build/bin/outrigger-agent" "$build/bin/agentctl"
for scala in 2.12 2.13; do
  jars=("shim/java/scala-$scala/target/outrigger-spark_$scala"-*[0-9].jar)
  [[ ${#jars[@]} -eq 1 && -f "${jars[0]}" ]] || { echo "stage.sh: no single jar of Scala $scala: ${jars[*]}" >&2; exit 1; }
  install -D -m 644 "${jars[0]}" "$stage/share/outrigger/shim/$scala/outrigger-spark_$scala.jar"
  install -D -s -m 644 -t "$stage/share/outrigger/shim/$scala" "$build/lib/liboutrigger_jni.so"
done

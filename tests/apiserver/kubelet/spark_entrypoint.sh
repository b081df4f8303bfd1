#!/usr/bin/env bash
# What the entrypoint of a Spark image does for "driver" and "executor", for containers that are processes of this
# machine. SPARK_HOME is a Spark distribution or the directory of the pyspark package; Java is JAVA_HOME or on the PATH.
# Anything else is run as it is.
set -euo pipefail

complain() {
  echo "spark_entrypoint: $1" >&2
  exit 64
}

[ -n "${SPARK_HOME:-}" ] || complain "SPARK_HOME is not set: set it where outrigger-apiserver runs, or for the image in --config"
[ -d "$SPARK_HOME/jars" ] || complain "SPARK_HOME=$SPARK_HOME has no directory jars"
export SPARK_HOME
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"

case "${1:-}" in
  driver)
    shift
    : "${SPARK_DRIVER_BIND_ADDRESS:?the pod does not say its address}"
    # The driver's own configuration is in a volume; spark-submit finds it through SPARK_CONF_DIR.
    exec "$SPARK_HOME/bin/spark-submit" \
      --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" \
      --deploy-mode client "$@"
    ;;
  executor)
    shift
    # SPARK_JAVA_OPT_0, _1, ... in the order of their numbers: later options win. Values may hold any byte but NUL.
    options=()
    for ((i = 0; ; i++)); do
      name="SPARK_JAVA_OPT_$i"
      [ -n "${!name+set}" ] || break
      options+=("${!name}")
    done
    class_path="${SPARK_CONF_DIR:+$SPARK_CONF_DIR:}${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/jars/*"
    class_path="$class_path${SPARK_DIST_CLASSPATH:+:$SPARK_DIST_CLASSPATH}"
    exec "$java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" -cp "$class_path" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
      --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
      --resourceProfileId "${SPARK_RESOURCE_PROFILE_ID:-0}" --podName "$SPARK_EXECUTOR_POD_NAME" "$@"
    ;;
  *)
    exec "$@"
    ;;
esac

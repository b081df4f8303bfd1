package io.outrigger.spark;

import java.util.function.Function;
import org.apache.spark.SparkConf;

/** Every {@code spark.outrigger.*} key, with its default; shim/java/README.md has the table. Immutable. */
final class Settings {
  static final String RUN_DIRECTORY = "spark.outrigger.runDir";
  static final String NATIVE_LIBRARY = "spark.outrigger.nativeLibrary";
  static final String RENDERING = "spark.outrigger.rendering";
  static final String AUDIT_ONE_IN = "spark.outrigger.auditOneIn";
  static final String DRIVER_GRACE = "spark.outrigger.driverGrace";
  static final String STOP_TIMEOUT = "spark.outrigger.stopTimeout";

  static final String RUN_DIRECTORY_VARIABLE = "OUTRIGGER_RUN_DIR";

  /** Holds `state` and `agent.sock`. */
  final String runDirectory;

  /** Empty: beside the jar, else java.library.path. */
  final String nativeLibrary;

  /** Each pod is rendered here instead of being stamped by the agent (S2). */
  final boolean renderInDriver;

  /** One in so many created pods is rendered for real and compared; 0: none (S2). */
  final int auditOneIn;

  final long driverGraceMs;
  final long stopTimeoutMs;

  Settings(SparkConf conf, Function<String, String> environment) {
    String fromEnvironment = environment.apply(RUN_DIRECTORY_VARIABLE);
    runDirectory = conf.get(RUN_DIRECTORY, fromEnvironment == null ? "/run/outrigger" : fromEnvironment);
    nativeLibrary = conf.get(NATIVE_LIBRARY, "");
    renderInDriver = renderInDriver(conf);
    auditOneIn = atLeastZero(conf, AUDIT_ONE_IN, 500);
    driverGraceMs = conf.getTimeAsMs(DRIVER_GRACE, "30s");
    stopTimeoutMs = conf.getTimeAsMs(STOP_TIMEOUT, "5s");
  }

  /**
   * A user's own feature step need not be a function of the id alone, so with one of them stamping is opt-in
   * (S2).
   */
  private static boolean renderInDriver(SparkConf conf) {
    String value = conf.get(RENDERING, "auto");
    switch (value) {
      case "auto":
        return !conf.get("spark.kubernetes.executor.pod.featureSteps", "").isEmpty();
      case "stamp":
        return false;
      case "driver":
        return true;
      default:
        throw new IllegalArgumentException(RENDERING + ": '" + value + "' is none of auto, stamp, driver");
    }
  }

  private static int atLeastZero(SparkConf conf, String key, int otherwise) {
    int value = conf.getInt(key, otherwise);
    if (value < 0) {
      throw new IllegalArgumentException(key + ": " + value + " is negative; 0 switches it off");
    }
    return value;
  }
}

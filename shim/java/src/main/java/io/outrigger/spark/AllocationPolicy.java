package io.outrigger.spark;

import org.apache.spark.SparkConf;

/**
 * Spark's allocation settings by value, for the agent that decides by them (S9 to S14). Read by their names,
 * so that one class serves every Spark version; a name that a version does not know has its default.
 * Immutable.
 */
final class AllocationPolicy {
  private static final String PREFIX = "spark.kubernetes.";

  private final long[] values;

  AllocationPolicy(SparkConf conf, Settings settings, long terminationGraceS) {
    String batchSize = PREFIX + "allocation.batch.size";
    String batchDelay = PREFIX + "allocation.batch.delay";
    values = new long[] {conf.getInt(PREFIX + "allocation.maxPendingPods", Integer.MAX_VALUE),
        conf.getInt(PREFIX + "allocation.maxPendingPodsPerRp", Integer.MAX_VALUE),
        // Rounds are the stock allocator's way of limiting itself; the agent paces by the server, so only a
        // user's own word counts (S11).
        conf.contains(batchSize) ? conf.getInt(batchSize, 0) : 0,
        conf.getInt(PREFIX + "allocation.maximum", Integer.MAX_VALUE),
        conf.getTimeAsMs(PREFIX + "allocation.executor.timeout", "600s"),
        conf.getTimeAsSeconds("spark.dynamicAllocation.executorIdleTimeout", "60s") * 1000,
        conf.contains(batchDelay) ? conf.getTimeAsMs(batchDelay, "1s") : 0, settings.driverGraceMs,
        terminationGraceS, deletesOnTermination(conf) ? 1 : 0};
  }

  static boolean deletesOnTermination(SparkConf conf) {
    return conf.getBoolean(PREFIX + "executor.deleteOnTermination", true);
  }

  /** In the order that shim/jni/posts.cpp reads. */
  long[] toNative() {
    return values.clone();
  }
}

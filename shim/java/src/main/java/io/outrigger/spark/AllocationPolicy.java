package io.outrigger.spark;

import org.apache.spark.SparkConf;

/**
 * Spark's allocation settings by value, for the agent that decides by them (S9 to S14). Read by their names,
 * so that one class serves every Spark version; a name that a version does not know has its default.
 * Immutable.
 */
final class AllocationPolicy {
  static final String REUSE_CLAIMS = "spark.kubernetes.driver.reusePersistentVolumeClaim";
  static final String WAIT_FOR_CLAIMS = "spark.kubernetes.driver.waitToReusePersistentVolumeClaim";

  private static final String PREFIX = "spark.kubernetes.";
  /** OUTRIGGER_CLAIMS_* of the C ABI. */
  private static final int NEW = 0;
  private static final int REUSE = 1;
  private static final int WAIT = 2;
  /** More claims than the agent remembers: no maximum. */
  private static final int MOST_CLAIMS = 0xFFFF;

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
        // As Spark counts it: not less than five rounds.
        Math.max(conf.getTimeAsMs(PREFIX + "allocation.executor.timeout", "600s"),
            5 * conf.getTimeAsMs(batchDelay, "1s")),
        conf.getTimeAsSeconds("spark.dynamicAllocation.executorIdleTimeout", "60s") * 1000,
        conf.contains(batchDelay) ? conf.getTimeAsMs(batchDelay, "1s") : 0, settings.driverGraceMs,
        terminationGraceS, deletesOnTermination(conf) ? 1 : 0, claims(conf), maximumClaims(conf)};
  }

  /** Whose executors are gone: only what the driver owns outlives them (S14). */
  private static int claims(SparkConf conf) {
    if (!conf.getBoolean(PodRenderer.OWN_CLAIMS, true) || !conf.getBoolean(REUSE_CLAIMS, true)) {
      return NEW;
    }
    return conf.getBoolean(WAIT_FOR_CLAIMS, false) ? WAIT : REUSE;
  }

  /** As many as there may be executors, as in Spark; none would be no job. */
  private static int maximumClaims(SparkConf conf) {
    int executors = conf.getBoolean("spark.dynamicAllocation.enabled", false)
        ? conf.getInt("spark.dynamicAllocation.maxExecutors", Integer.MAX_VALUE)
        : conf.getInt("spark.executor.instances", 2);
    return Math.max(1, Math.min(executors, MOST_CLAIMS));
  }

  static boolean deletesOnTermination(SparkConf conf) {
    return conf.getBoolean(PREFIX + "executor.deleteOnTermination", true);
  }

  /** In the order that shim/jni/posts.cpp reads. */
  long[] toNative() {
    return values.clone();
  }
}

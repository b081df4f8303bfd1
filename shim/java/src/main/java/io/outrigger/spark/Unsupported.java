package io.outrigger.spark;

import org.apache.spark.SparkConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Spark ties to its own allocator by name, and therefore leaves out with any other: said aloud at the
 * start (S15).
 */
final class Unsupported {
  private static final Logger LOG = LoggerFactory.getLogger(Unsupported.class);
  private static final String[] RESIZERS = {"ExecutorResizePlugin", "ExecutorPVCResizePlugin"};

  private Unsupported() {}

  static void warn(SparkConf conf) {
    String plugins = conf.get("spark.plugins", "");
    for (String resizer : RESIZERS) {
      String line = refusal(plugins, resizer);
      if (line != null) {
        LOG.warn(line);
      }
    }
  }

  static String refusal(String plugins, String resizer) {
    if (!plugins.contains(resizer)) {
      return null;
    }
    return "outrigger: spark.plugins: " + resizer
        + " does nothing here, since Spark allows it only with its own allocator"
        + " (spark.kubernetes.allocation.pods.allocator=direct); remove it, or go back to stock";
  }
}

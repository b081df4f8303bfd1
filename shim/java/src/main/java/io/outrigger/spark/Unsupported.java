package io.outrigger.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a job could depend on and is not honoured here: said aloud at the start, with what happens instead and
 * the way out (S15). The rows marked as refused in deploy/spark/settings.md are these.
 */
final class Unsupported {
  private static final Logger LOG = LoggerFactory.getLogger(Unsupported.class);
  /** Plugin of Spark, and the prefix of its settings. */
  private static final String[][] RESIZERS = {{"ExecutorResizePlugin", "spark.kubernetes.executor.resize"},
      {"ExecutorPVCResizePlugin", "spark.kubernetes.executor.pvc.resize"}};

  private Unsupported() {}

  static void warn(SparkConf conf) {
    lines(conf).forEach(LOG::warn);
  }

  static List<String> lines(SparkConf conf) {
    List<String> lines = new ArrayList<>();
    for (String[] resizer : RESIZERS) {
      if (conf.get("spark.plugins", "").contains(resizer[0])) {
        lines.add("outrigger: spark.plugins: " + resizer[0] + " (" + resizer[1]
            + "*) does nothing here, since Spark"
            + " allows it only with its own allocator; remove it, or go back to stock"
            + " (spark.kubernetes.allocation.pods.allocator=direct)");
      }
    }
    return lines;
  }
}

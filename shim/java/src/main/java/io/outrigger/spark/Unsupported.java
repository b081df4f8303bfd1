package io.outrigger.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * What a job could depend on and is not honoured here: said aloud at the start, with what happens instead and
 * the way out (S14, S15). The rows marked as refused in deploy/spark/settings.md are these.
 */
final class Unsupported {
  static final String REUSE_CLAIMS = "spark.kubernetes.driver.reusePersistentVolumeClaim";
  static final String WAIT_FOR_CLAIMS = "spark.kubernetes.driver.waitToReusePersistentVolumeClaim";

  private static final Logger LOG = LoggerFactory.getLogger(Unsupported.class);
  private static final String CLAIMS = "spark.kubernetes.executor.volumes.persistentVolumeClaim.";
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
    if (conf.getBoolean(WAIT_FOR_CLAIMS, false)) {
      lines.add("outrigger: " + WAIT_FOR_CLAIMS
          + "=true: no executor waits for another one's claim here; each gets"
          + " claims of its own. Set it to false, or go back to stock");
    }
    if (conf.getBoolean(REUSE_CLAIMS, true) && conf.getBoolean(PodRenderer.OWN_CLAIMS, true)
        && claimsOnDemand(conf)) {
      lines.add("outrigger: " + REUSE_CLAIMS
          + ": claims of executors that have ended are not used again; each new"
          + (" executor gets claims of its own, and all are deleted at the application's end. Set it to "
             + "false to agree"));
    }
    return lines;
  }

  private static boolean claimsOnDemand(SparkConf conf) {
    for (Tuple2<String, String> entry : conf.getAllWithPrefix(CLAIMS)) {
      if (entry._1().endsWith(".options.claimName") && entry._2().equals("OnDemand")) {
        return true;
      }
    }
    return false;
  }
}

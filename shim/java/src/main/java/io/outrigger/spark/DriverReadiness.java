package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until the driver's pod is ready, as stock does before its first create: until then the headless
 * service may not give executors the driver's address (S12). It asks by name, through the gateway; stock
 * lists and watches.
 */
final class DriverReadiness {
  static final String TIMEOUT = "spark.kubernetes.allocation.driver.readinessTimeout";
  /** Spark 4.3: the name is there before the pod is ready. */
  static final String PUBLISHED_BEFORE = "spark.kubernetes.driver.service.publishNotReadyAddresses";

  private static final Logger LOG = LoggerFactory.getLogger(DriverReadiness.class);
  private static final long EVERY_MS = 100;

  /** Tests script it. */
  interface Pause {
    void sleep(long ms) throws InterruptedException;
  }

  private DriverReadiness() {}

  /**
   * True when it is ready, or nobody needs it to be. Never throws: a start that goes on is what stock does,
   * too.
   */
  static boolean await(SparkConf conf, Supplier<Pod> driver, Pause pause) {
    if (conf.getBoolean(PUBLISHED_BEFORE, false)) {
      return true;
    }
    long timeoutMs = conf.getTimeAsSeconds(TIMEOUT, "1s") * 1000;
    try {
      for (long waitedMs = 0;; waitedMs += EVERY_MS) {
        if (ready(driver.get())) {
          return true;
        }
        if (waitedMs >= timeoutMs) {
          LOG.warn("outrigger: the driver's pod is not ready after {} ms ({}); executors may not find its "
                   + "name yet",
              timeoutMs, TIMEOUT);
          return false;
        }
        pause.sleep(EVERY_MS);
      }
    } catch (InterruptedException ending) {
      Thread.currentThread().interrupt();
      return false;
    } catch (RuntimeException unreachable) {
      LOG.warn("outrigger: whether the driver's pod is ready cannot be read: {}", unreachable.getMessage());
      return false;
    }
  }

  private static boolean ready(Pod pod) {
    if (pod == null || pod.getStatus() == null) {
      return false;
    }
    for (PodCondition condition : pod.getStatus().getConditions()) {
      if ("Ready".equals(condition.getType())) {
        return "True".equals(condition.getStatus());
      }
    }
    return false;
  }
}

package io.outrigger.spark;

import java.util.function.IntConsumer;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.ExecutorFailureTracker;
import org.apache.spark.util.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spark 3.5: the limit of executor failures lived in the stock allocator, so it lives here, on Spark's own
 * tracker, and ends the application with Spark's own exit code.
 */
final class TrackedFailures implements FailureCounter {
  /** SparkExitCode.EXCEED_MAX_EXECUTOR_FAILURES. */
  static final int EXIT_CODE = 11;

  private static final Logger LOG = LoggerFactory.getLogger(TrackedFailures.class);

  private final ExecutorFailureTracker tracker;
  private final int most;
  private final IntConsumer endApplication;
  private boolean ended;

  TrackedFailures(SparkConf conf, Clock clock, IntConsumer endApplication) {
    tracker = new ExecutorFailureTracker(conf, clock);
    most = ExecutorFailureTracker.maxNumExecutorFailures(conf);
    this.endApplication = endApplication;
  }

  @Override
  public void createFailed() {
    count();
  }

  @Override
  public void refused(int executors) {
    for (int i = 0; i < executors; i++) {
      count();
    }
  }

  @Override
  public void executorFailed() {
    count();
  }

  private void count() {
    tracker.registerExecutorFailure();
    if (!ended && tracker.numFailedExecutors() > most) {
      ended = true;
      LOG.error("Max number of executor failures ({}) reached", most);
      endApplication.accept(EXIT_CODE);
    }
  }
}

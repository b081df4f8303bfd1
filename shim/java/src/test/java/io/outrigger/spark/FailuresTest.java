package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.util.ManualClock;
import org.junit.jupiter.api.Test;

class FailuresTest {
  /** What Spark 4.2 has. */
  public static final class Manager {
    int registered;

    public void registerExecutorFailure() {
      registered++;
    }
  }

  @Test
  void S13_from_4_2_on_a_failed_create_is_the_lifecycle_managers_and_an_end_is_not_counted_twice()
      throws Exception {
    Manager manager = new Manager();
    FailureCounter failures = new LifecycleManagerFailures(manager);
    failures.createFailed();
    failures.executorFailed();
    assertEquals(1, manager.registered);
    failures.refused(3);
    assertEquals(4, manager.registered);
    assertThrows(NoSuchMethodException.class, () -> new LifecycleManagerFailures("no manager"));
  }

  /** What Spark 4.0 and 4.1 have. */
  public static final class EarlierManager {
    final Manager tracker = new Manager();

    public Manager failureTracker() {
      return tracker;
    }
  }

  @Test
  void S3_on_4_0_and_4_1_only_pods_that_cannot_be_had_count_and_in_sparks_own_tracker() throws Exception {
    EarlierManager manager = new EarlierManager();
    FailureCounter failures = new LifecycleManagerFailures(manager);
    failures.createFailed();
    failures.executorFailed();
    assertEquals(0, manager.tracker.registered);
    failures.refused(2);
    assertEquals(2, manager.tracker.registered);
  }

  @Test
  void S13_on_3_5_the_limit_lives_here_and_ends_the_application_once_with_sparks_code() {
    List<Integer> codes = new ArrayList<>();
    SparkConf conf = new SparkConf(false).set("spark.executor.maxNumFailures", "3");
    FailureCounter failures = new TrackedFailures(conf, new ManualClock(0), codes::add);
    failures.createFailed();
    failures.executorFailed();
    failures.createFailed();
    assertEquals(List.of(), codes);
    failures.executorFailed();
    failures.executorFailed();
    assertEquals(List.of(TrackedFailures.EXIT_CODE), codes);
  }

  @Test
  void S13_failures_age_out_of_sparks_window() {
    List<Integer> codes = new ArrayList<>();
    ManualClock clock = new ManualClock(0);
    SparkConf conf = new SparkConf(false)
                         .set("spark.executor.maxNumFailures", "1")
                         .set("spark.executor.failuresValidityInterval", "10s");
    FailureCounter failures = new TrackedFailures(conf, clock, codes::add);
    failures.createFailed();
    clock.advance(20_000);
    failures.createFailed();
    assertEquals(List.of(), codes);
  }
}

package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotFeedTest {
  private static final long PERIOD = 30_000;

  private final RecordedSpark spark = new RecordedSpark();
  private final CountedFailures failures = new CountedFailures();
  private String notFresh;
  private long askedAge;
  private final SnapshotFeed feed =
      new SnapshotFeed(spark, new SyntheticPods("ns", "app", SyntheticPods.DEFAULT_CONTAINER), failures,
          exitClass -> exitClass == 9 ? "evicted_api" : "class_" + exitClass, age -> {
            askedAge = age;
            return notFresh;
          }, PERIOD, 30_000);

  @Test
  void S17_no_full_snapshot_unless_the_agents_picture_is_fresh() {
    notFresh = "resyncing";
    feed.take(Changes.running(1));
    feed.flush(100_000);
    feed.flush(200_000);
    assertEquals(0, spark.count("replace"));
    notFresh = null;
    feed.flush(200_100);
    assertEquals(1, spark.count("replace 1"));
  }

  @Test
  void S17_fresh_means_half_of_missing_pod_detect_delta() {
    feed.flush(0);
    assertEquals(15_000, askedAge);
  }

  @Test
  void S17_full_snapshots_come_regularly_though_nothing_happens() {
    for (long now = 0; now <= 5 * PERIOD; now += 100) {
      feed.flush(now);
    }
    assertEquals(6, spark.count("replace"));
    assertEquals(6, spark.count("notify"));
  }

  @Test
  void S17_creates_in_flight_are_in_the_full_snapshot() {
    feed.take(Changes.of(1, Change.CREATING));
    feed.take(Changes.running(2));
    feed.flush(0);
    assertEquals(List.of("replace 2", "notify"), spark.calls);
  }

  @Test
  void S18_a_final_state_goes_by_update_before_any_full_snapshot() {
    feed.take(Changes.running(1));
    feed.take(Changes.with(Changes.ended(1, 2, 1, true, "Error"), Change.GONE));
    feed.take(Changes.running(2));
    feed.flush(0);
    assertEquals(List.of("update 1 Running", "replace 1", "notify"), spark.calls);
  }

  @Test
  void S19_not_the_applications_removes_with_the_class_first_and_never_says_OOM() {
    Change evicted = Changes.ended(3, 9, 137, false, "Evicted");
    evicted.message = "The node had an OOM scare";
    feed.take(evicted);
    assertEquals(
        "remove 3 137 evicted_api: executor 3, Evicted, The node had an oom scare", spark.calls.get(0));
    assertEquals("update 3 Failed", spark.calls.get(1));
    assertEquals(0, failures.failed);
  }

  @Test
  void S19_the_applications_own_end_is_left_to_spark() {
    feed.take(Changes.ended(3, 2, 1, true, "Error"));
    assertEquals(List.of("update 3 Running"), spark.calls);
    assertEquals(1, failures.failed);
  }

  @Test
  void S19_only_the_first_final_state_counts() {
    assertTrue(feed.take(Changes.ended(3, 2, 1, true, "Error")));
    assertFalse(feed.take(Changes.with(Changes.ended(3, 15, 137, false, ""), Change.GONE)));
    feed.take(Changes.running(3));
    assertEquals(1, spark.calls.size());
    assertEquals(0, feed.size());
    assertEquals(1, failures.failed);
  }

  @Test
  void S15_running_out_of_memory_is_told_and_another_failure_is_not() {
    feed.take(Changes.ended(1, Change.EXIT_OOM_CONTAINER, 137, true, "OOMKilled"));
    feed.take(Changes.ended(2, Change.EXIT_JVM_OOM, 52, true, ""));
    feed.take(Changes.ended(3, 2, 1, true, ""));
    assertEquals(2, spark.count("oom"));
  }

  @Test
  void S21_a_batch_is_one_notification_and_there_are_at_most_200_a_second() {
    for (int id = 1; id <= 50; id++) {
      feed.take(Changes.running(id));
    }
    feed.flush(1_000);
    assertEquals(1, spark.count("notify"));
    for (int i = 0; i < 1000; i++) {
      feed.take(Changes.running(100 + i));
      feed.flush(2_000 + i);
    }
    assertTrue(spark.count("notify") <= 201, () -> "notified " + spark.count("notify"));
  }

  @Test
  void S21_a_notification_that_had_to_wait_is_not_forgotten() {
    feed.take(Changes.running(1));
    feed.flush(1_000);
    feed.take(Changes.running(2));
    feed.flush(1_001);
    assertEquals(1, spark.count("notify"));
    assertEquals(4, feed.dueInMs(1_001, 100));
    feed.flush(1_005);
    assertEquals(2, spark.count("notify"));
    assertEquals(100, feed.dueInMs(1_005, 100));
  }

  private void settle() {
    feed.flush(0); // the first full snapshot
    spark.calls.clear();
  }

  @Test
  void S21_a_pending_pod_waits_for_company_and_not_for_ever() {
    settle();
    feed.take(Changes.of(1, Change.PENDING));
    feed.flush(10);
    assertEquals(List.of(), spark.calls);
    assertEquals(SnapshotFeed.CALM_MS - 10, feed.dueInMs(10, 1_000));
    feed.flush(SnapshotFeed.CALM_MS);
    assertEquals(List.of("update 1 Pending", "notify"), spark.calls);
  }

  @Test
  void S21_what_runs_is_told_at_once_together_with_what_waits() {
    settle();
    feed.take(Changes.of(1, Change.PENDING));
    feed.take(Changes.of(2, Change.PENDING));
    feed.take(Changes.running(2));
    feed.flush(10);
    assertEquals(List.of("update 1 Pending", "update 2 Running", "notify"), spark.calls);
  }

  @Test
  void S21_many_changes_are_one_snapshot_if_the_picture_is_fresh() {
    settle();
    for (int id = 1; id <= SnapshotFeed.MANY; id++) {
      feed.take(Changes.running(id));
    }
    feed.flush(10);
    assertEquals(List.of("replace " + SnapshotFeed.MANY, "notify"), spark.calls);

    spark.calls.clear();
    notFresh = "resyncing";
    for (int id = 1; id <= SnapshotFeed.MANY; id++) {
      feed.take(Changes.of(100 + id, Change.TERMINATING));
    }
    feed.take(Changes.running(1));
    feed.flush(20);
    assertEquals(0, spark.count("replace"));
    assertEquals(SnapshotFeed.MANY + 1, spark.count("update"));
  }

  @Test
  void S18_nothing_is_told_of_an_executor_after_its_end() {
    settle();
    feed.take(Changes.of(1, Change.PENDING));
    feed.take(Changes.ended(1, 2, 1, true, "Error"));
    feed.flush(10);
    assertEquals(List.of("update 1 Running", "notify"), spark.calls);
  }

  @Test
  void S20_what_is_gone_leaves_sparks_picture_within_a_second_and_not_after_30() {
    feed.take(Changes.running(1));
    feed.flush(0);
    feed.take(Changes.with(Changes.of(1, Change.SUCCEEDED), Change.GONE));
    feed.flush(500);
    assertEquals(1, spark.count("replace"));
    feed.flush(SnapshotFeed.SWEEP_MS);
    assertEquals("replace 0", spark.calls.get(spark.calls.size() - 2));
  }
}

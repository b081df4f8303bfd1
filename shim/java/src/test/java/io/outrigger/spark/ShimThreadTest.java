package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ShimThreadTest {
  /** A channel without a library: batches from a queue. */
  private static final class Script extends Channel {
    final Queue<Batch> batches = new ConcurrentLinkedQueue<>();
    final Queue<Long> acknowledged = new ConcurrentLinkedQueue<>();
    final Queue<long[]> known = new ConcurrentLinkedQueue<>();
    final CountDownLatch empty = new CountDownLatch(1);

    Script() {
      super(0);
      Batch attached = new Batch();
      attached.session = Batch.SESSION_ATTACHED;
      batches.add(attached);
    }

    @Override
    Batch drain(long timeoutMs) {
      Batch next = batches.poll();
      if (next == null) {
        empty.countDown();
        return new Batch();
      }
      return next;
    }

    @Override
    void acknowledge(long sequence) {
      acknowledged.add(sequence);
    }

    @Override
    void known(long[] added, long[] removed) {
      known.add(added);
    }

    @Override
    String name(int kind, int number) {
      return "name";
    }
  }

  private final Script channel = new Script();
  private final CountedFailures failures = new CountedFailures();
  private final AtomicInteger targets = new AtomicInteger();

  private ShimThread thread(SparkSide spark) {
    SnapshotFeed feed = new SnapshotFeed(
        spark, new SyntheticPods("ns", "app", "c"), failures, c -> "class", age -> null, 30_000, 30_000);
    TemplateBook templates = new TemplateBook(null, null, false, 0, failures, () -> 0);
    return new ShimThread(channel, spark, feed, templates, new Deletions(), failures, new SparkConf(false),
        targets::incrementAndGet);
  }

  private static Batch batch(Change... changes) {
    Batch batch = new Batch();
    for (Change change : changes) {
      batch.changes.add(change);
    }
    return batch;
  }

  private void runUntilEmpty(ShimThread thread) throws InterruptedException {
    thread.start();
    assertTrue(channel.empty.await(30, TimeUnit.SECONDS));
    thread.stop();
  }

  @Test
  void S18_every_batch_is_acknowledged_after_its_ends_were_told() throws Exception {
    Change last = Changes.ended(2, 2, 1, true, "Error");
    channel.batches.add(batch(Changes.running(1), last));
    RecordedSpark spark = new RecordedSpark() {
      @Override
      public void updatePod(Pod pod) {
        assertTrue(channel.acknowledged.isEmpty());
        super.updatePod(pod);
      }
    };
    runUntilEmpty(thread(spark));
    assertEquals(1, spark.count("update 2"));
    assertEquals(last.sequence, channel.acknowledged.poll());
  }

  @Test
  void S8_targets_are_posted_once_after_the_first_table_was_read_to_its_end() throws Exception {
    channel.batches.clear();
    Batch rest = batch(Changes.running(1));
    rest.session = Batch.SESSION_ATTACHED;
    rest.more = true;
    channel.batches.add(rest);
    Batch end = batch(Changes.running(2));
    end.session = Batch.SESSION_ATTACHED;
    channel.batches.add(end);
    channel.batches.add(end);
    RecordedSpark spark = new RecordedSpark();
    runUntilEmpty(thread(spark));
    assertEquals(1, targets.get());
    assertEquals(0, spark.count("update"), "of an earlier driver");
  }

  @Test
  void S26_whatever_is_thrown_the_thread_goes_on() throws Exception {
    AtomicInteger notified = new AtomicInteger();
    RecordedSpark spark = new RecordedSpark() {
      @Override
      public void notifySubscribers() {
        notified.incrementAndGet();
        throw new java.util.concurrent.RejectedExecutionException("the store has stopped");
      }

      @Override
      public void removeExecutor(long executorId, int exitCode, String why) {
        throw new StackOverflowError("even an Error");
      }
    };
    channel.batches.add(batch(Changes.running(1)));
    channel.batches.add(batch(Changes.ended(1, 9, 137, false, "Evicted"), Changes.running(2)));
    channel.batches.add(batch(Changes.running(3)));
    runUntilEmpty(thread(spark));
    assertTrue(notified.get() >= 1);
    assertEquals(1, spark.count("update 1 Failed"));
    assertEquals(1, spark.count("update 2"));
    assertEquals(1, spark.count("update 3"));
    assertEquals(3, channel.acknowledged.size());
  }

  @Test
  void S13_a_create_that_failed_counts() throws Exception {
    channel.batches.add(batch(Changes.with(Changes.of(4, Change.CREATE_FAILED), Change.GONE)));
    runUntilEmpty(thread(new RecordedSpark()));
    assertEquals(1, failures.creates);
  }

  @Test
  void S7_ids_that_the_scheduler_has_registered_are_told() throws Exception {
    RecordedSpark spark = new RecordedSpark();
    spark.registered.add(5L);
    runUntilEmpty(thread(spark));
    assertEquals(5, channel.known.poll()[0]);
  }

  @Test
  void S27_after_the_end_of_the_application_changes_are_acknowledged_and_spark_hears_nothing()
      throws Exception {
    channel.batches.add(batch(Changes.ended(1, 9, 137, false, "Evicted")));
    RecordedSpark spark = new RecordedSpark();
    ShimThread thread = thread(spark);
    thread.leave();
    runUntilEmpty(thread);
    assertEquals(0, spark.calls.size());
    assertEquals(1, channel.acknowledged.size());
  }
}

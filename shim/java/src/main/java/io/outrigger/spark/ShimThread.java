package io.outrigger.spark;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceProfile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread of the shim: drains, feeds Spark, answers what the agent asks, acknowledges (S26). It
 * survives whatever is thrown at it: the worst an error of its own does is a warning and another try. {@link
 * #profile}, {@link #stop}, {@link #awaitDrained}: any thread.
 */
final class ShimThread implements Runnable {
  static final long WAIT_MS = 100;

  /** Spark is notified no sooner than this after the last time, so news may gather for as long (S21). */
  static final long REST_NS = SnapshotFeed.NOTIFY_MS * 1_000_000;
  static final long KNOWN_MS = 200;
  static final long REVIEW_MS = 1_000;
  static final int DIGITS_AT_START = 6;

  private static final Logger LOG = LoggerFactory.getLogger(ShimThread.class);
  private static final int WARNINGS_MS = 30_000;

  private final Channel channel;
  private final SparkSide spark;
  private final SnapshotFeed feed;
  private final TemplateBook templates;
  private final Deletions deletions;
  private final FailureCounter failures;
  private final SparkConf conf;
  private final Runnable onAccepted;

  private final Queue<ResourceProfile> opened = new ConcurrentLinkedQueue<>();
  private final EarlierDrivers earlier = new EarlierDrivers();
  private final KnownExecutors known = new KnownExecutors();
  private final CountDownLatch drained = new CountDownLatch(1);
  private final Thread thread = new Thread(this, "outrigger-shim");
  private volatile boolean leaving;
  private volatile boolean stopping;
  private long restedNs = System.nanoTime();
  private long knownAtMs;
  private long reviewedAtMs;
  private long warnedAtMs = Long.MIN_VALUE / 2;
  private String told = "";
  private long toldAtMs;

  ShimThread(Channel channel, SparkSide spark, SnapshotFeed feed, TemplateBook templates, Deletions deletions,
      FailureCounter failures, SparkConf conf, Runnable onAccepted) {
    this.channel = channel;
    this.spark = spark;
    this.feed = feed;
    this.templates = templates;
    this.deletions = deletions;
    this.failures = failures;
    this.conf = conf;
    this.onAccepted = onAccepted;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** A profile that got a target; rendered here, not in the caller's thread (S25). */
  void profile(ResourceProfile profile) {
    opened.add(profile);
  }

  /**
   * The application is over: what ends from now on is acknowledged, and Spark, which has stopped, hears
   * nothing of it.
   */
  void leave() {
    leaving = true;
  }

  /** True: the agent says that no executor is left. */
  boolean awaitDrained(long timeoutMs) throws InterruptedException {
    return drained.await(timeoutMs, TimeUnit.MILLISECONDS);
  }

  /** Ends the thread and waits for it, bounded. */
  void stop() throws InterruptedException {
    stopping = true;
    if (Thread.currentThread() != thread) {
      thread.join(2_000);
    }
  }

  @Override
  public void run() {
    while (!stopping) {
      try {
        turn();
      } catch (Throwable failure) { // S26: nothing may end this thread, and nothing here may end the JVM
        warn(failure);
        pause();
      }
    }
  }

  private void turn() {
    LockSupport.parkNanos(restedNs - System.nanoTime());
    long startMs = nowMs();
    Batch batch = channel.drain(feed.dueInMs(startMs, WAIT_MS));
    if (batch == null) {
      stopping = true;
      return;
    }
    if (!batch.changes.isEmpty() && !batch.more) {
      restedNs = System.nanoTime() + REST_NS;
    }
    tellSession(batch);
    if (batch.agentSession == Batch.AGENT_DRAINED) {
      drained.countDown();
    }
    try {
      if (!leaving) {
        serve(batch);
      }
    } finally { // what is in the store has been dealt with, whatever a subscriber thinks of it
      if (!batch.changes.isEmpty()) {
        channel.acknowledge(batch.changes.get(batch.changes.size() - 1).sequence);
      }
    }
  }

  private void serve(Batch batch) {
    openProfiles();
    batch.changes.forEach(this::take);
    if (batch.session == Batch.SESSION_ATTACHED && !batch.more) {
      acceptOnce();
    }
    answer(batch);
    tellKnown();
    long now = nowMs();
    if (now - reviewedAtMs >= REVIEW_MS) {
      reviewedAtMs = now;
      templates.review(TemplateKey.of(conf));
    }
    feed.flush(now);
  }

  private void acceptOnce() {
    if (earlier.accept()) {
      onAccepted.run();
    }
  }

  /** One bad change must not keep the others from Spark. */
  private void take(Change change) {
    if (earlier.has(change)) {
      return;
    }
    try {
      deletions.take(change);
      feed.take(change);
      if (change.state == Change.WANTED) {
        templates.renderFor(change.profile, change.executorId);
      } else if (change.state == Change.CREATING) {
        templates.audit(change.profile, change.executorId);
      } else if (change.state == Change.CREATE_FAILED) {
        createFailed(change);
      }
    } catch (Throwable failure) {
      warn(failure);
    }
  }

  private void createFailed(Change change) {
    LOG.warn("outrigger: executor {} could not be created ({}): {}", change.executorId,
        channel.name(Natives.ERROR_CLASS, change.createError), change.message);
    failures.createFailed();
  }

  private void answer(Batch batch) {
    for (Batch.Result result : batch.results) {
      templates.result(result, channel.name(Natives.VERDICT, result.verdict));
    }
    for (Batch.WantedTemplates wanted : batch.wanted) {
      templates.wanted(wanted.profile, wanted.digits);
    }
    if (deletions.anyProposed()) {
      long[] confirmed = deletions.confirm(spark::executorIds);
      if (confirmed.length != 0) {
        channel.confirmDelete(confirmed);
      }
    }
  }

  private void openProfiles() {
    for (ResourceProfile profile = opened.poll(); profile != null; profile = opened.poll()) {
      try {
        templates.open(profile, DIGITS_AT_START);
      } catch (RuntimeException failure) {
        LOG.warn("outrigger: Spark cannot render a pod of resource profile {}: {}", profile.id(),
            failure.toString()); // counted when the agent asks for its pods
      }
    }
  }

  private void tellKnown() {
    long now = nowMs();
    if (now - knownAtMs < KNOWN_MS) {
      return;
    }
    knownAtMs = now;
    long[][] delta = known.update(spark.executorIds());
    if (delta != null) {
      channel.known(delta[0], delta[1]);
    }
  }

  /**
   * An agent that refuses, or is away, is tried again twice a second; it is named once, and again every 30 s
   * while it lasts.
   */
  private void tellSession(Batch batch) {
    if (batch.session == Batch.SESSION_ATTACHED) {
      if (!"attached".equals(told)) {
        LOG.info("outrigger: attached to the agent");
      }
      told = "attached";
      return;
    }
    if (batch.session == Batch.SESSION_RESYNCING) {
      return;
    }
    String text =
        channel.name(Natives.SESSION_STATE, batch.session) + (batch.text.isEmpty() ? "" : ": " + batch.text);
    long now = nowMs();
    if (!leaving && (!text.equals(told) || now - toldAtMs >= WARNINGS_MS)) {
      LOG.warn("outrigger: {}", text);
      told = text;
      toldAtMs = now;
    }
  }

  private void warn(Throwable failure) {
    long now = nowMs();
    if (failure instanceof RejectedExecutionException) { // the store stops before the allocator does: nobody
                                                         // listens any more
      LOG.debug("outrigger: Spark has stopped listening", failure);
    } else if (!stopping && !leaving && now - warnedAtMs >= WARNINGS_MS) {
      warnedAtMs = now;
      LOG.warn("outrigger: the shim goes on after an error", failure);
    }
  }

  private void pause() {
    try {
      Thread.sleep(WAIT_MS);
    } catch (InterruptedException nobodyInterruptsIt) {
      Thread.currentThread().interrupt();
    }
  }

  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }
}

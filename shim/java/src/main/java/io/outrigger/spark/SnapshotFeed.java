package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Tells Spark's snapshot store what the agent tells the shim: a change by updatePod, many at once and from
 * time to time everything by replaceSnapshot, without which Spark never finds a missing executor (S17 to
 * S21). Each of Spark's subscribers walks all executors for every snapshot, so fewer snapshots are what makes
 * a large application cheap. Time comes in as an argument. Thread of the shim.
 */
final class SnapshotFeed {
  /** At most 200 notifications a second (S21). */
  static final long NOTIFY_MS = 5;

  /** Of a pod that is pending nobody in Spark makes anything: it may wait so long for company. */
  static final long CALM_MS = 250;

  /** From so many changes on, one snapshot of everything is less work than one for each. */
  static final int MANY = 16;

  /** Full snapshots that clean up after executors that are gone: at most one a second. */
  static final long SWEEP_MS = 1_000;

  private final SparkSide spark;
  private final SyntheticPods synthetic;
  private final FailureCounter failures;
  private final LongFunction<String> exitClassName;
  private final LongFunction<String> whyNotFresh; // of at most so many milliseconds; null: fresh
  private final long periodMs;
  private final long freshMs;

  private final Map<Long, Pod> live = new HashMap<>();
  private final BitSet ended = new BitSet(); // ids are never reused (S8)
  private final Map<Long, Pod> untold = new LinkedHashMap<>();
  private boolean urgent;
  private boolean sweep;
  private long untoldSinceMs = Long.MIN_VALUE / 2;
  private long notifiedMs = Long.MIN_VALUE / 2;
  private long replacedMs = Long.MIN_VALUE / 2;

  SnapshotFeed(SparkSide spark, SyntheticPods synthetic, FailureCounter failures,
      LongFunction<String> exitClassName, LongFunction<String> whyNotFresh, long periodMs,
      long missingPodDetectDeltaMs) {
    this.spark = spark;
    this.synthetic = synthetic;
    this.failures = failures;
    this.exitClassName = exitClassName;
    this.whyNotFresh = whyNotFresh;
    this.periodMs = periodMs;
    this.freshMs = missingPodDetectDeltaMs / 2;
  }

  /** True the first time that this executor is told to be at its end. */
  boolean take(Change change) {
    boolean first = false;
    if (change.isFinal()) {
      first = end(change);
    } else if (change.state != Change.WANTED && change.state != Change.CREATE_FAILED
        && !ended.get(index(change))) {
      Pod pod = synthetic.of(change);
      live.put(change.executorId, pod);
      if (change.state != Change.CREATING) {
        untold.put(change.executorId, pod);
        urgent |= change.state == Change.RUNNING;
      }
    }
    if (change.has(Change.GONE)) {
      forget(change.executorId);
    }
    return first;
  }

  /** The agent's verdict, once: Spark counts the first final state of an executor irrevocably (S19). */
  private boolean end(Change change) {
    forget(change.executorId); // told below; a full snapshot without it comes later
    if (ended.get(index(change))) {
      return false;
    }
    ended.set(index(change));
    try {
      tellWhy(change);
    } finally { // whatever the backend thinks of it, the pod has ended
      spark.updatePod(synthetic.of(change));
      urgent = true;
      sweep = true;
    }
    return true;
  }

  private void forget(long executorId) {
    live.remove(executorId);
    untold.remove(executorId);
  }

  private void tellWhy(Change change) {
    if (change.state == Change.SUCCEEDED) {
      return;
    }
    if (!change.has(Change.CAUSED_BY_APP)) {
      spark.removeExecutor(change.executorId, change.exitCode, why(change));
      return;
    }
    failures.executorFailed();
    if (change.exitClass == Change.EXIT_OOM_CONTAINER || change.exitClass == Change.EXIT_JVM_OOM) {
      spark.outOfMemory(change.executorId);
    }
  }

  /** Spark looks for "OOM" in the reason of a removal, so it must not be there by chance (S19). */
  private String why(Change change) {
    StringBuilder text = new StringBuilder(exitClassName.apply(change.exitClass))
                             .append(": executor ")
                             .append(change.executorId);
    if (!change.reason.isEmpty()) {
      text.append(", ").append(change.reason);
    }
    if (!change.message.isEmpty()) {
      text.append(", ").append(change.message);
    }
    if (!change.node.isEmpty()) {
      text.append(" (node ").append(change.node).append(')');
    }
    return text.toString().replace("OOM", "oom");
  }

  /** After a drained batch, whose final states have been told (S18). */
  void flush(long nowMs) {
    if (untold.isEmpty()) {
      untoldSinceMs = nowMs;
    }
    if (nowMs - notifiedMs < NOTIFY_MS) {
      return;
    }
    boolean tell = urgent || !untold.isEmpty() && nowMs - untoldSinceMs >= CALM_MS;
    boolean whole = (wholeIsDue(nowMs) || tell && untold.size() >= MANY) && whyNotFresh.apply(freshMs) == null;
    if (!tell && !whole) {
      return;
    }
    if (whole) {
      untold.clear();
      sweep = false;
      replacedMs = nowMs;
      spark.replaceSnapshot(new ArrayList<>(live.values()));
    } else {
      for (Iterator<Pod> each = untold.values().iterator(); each.hasNext();) {
        Pod pod = each.next();
        each.remove();
        spark.updatePod(pod);
      }
    }
    urgent = false;
    notifiedMs = nowMs;
    spark.notifySubscribers();
  }

  private boolean wholeIsDue(long nowMs) {
    long sinceMs = nowMs - replacedMs;
    return sinceMs >= periodMs || sweep && sinceMs >= SWEEP_MS;
  }

  /** When flush() has something to do although nothing happens, from now; at most {@code mostMs}. */
  long dueInMs(long nowMs, long mostMs) {
    if (!urgent && untold.isEmpty()) {
      return mostMs;
    }
    long atMs = urgent ? notifiedMs + NOTIFY_MS : untoldSinceMs + CALM_MS;
    return Math.max(0, Math.min(mostMs, atMs - nowMs));
  }

  int size() {
    return live.size();
  }

  private static int index(Change change) {
    return (int) Math.min(change.executorId, Integer.MAX_VALUE - 8);
  }
}

package io.outrigger.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Surplus executors that the agent proposes to delete. One that has registered meanwhile stays; the others
 * count as deleted here before the agent is told to go on, so that none can register in between (S9).
 * Proposals: thread of the shim; {@link #contains}: any thread, never waits.
 */
final class Deletions {
  private final Set<String> deleted = ConcurrentHashMap.newKeySet();
  private final List<Long> proposed = new ArrayList<>();

  void take(Change change) {
    if (change.has(Change.GONE)) {
      deleted.remove(Long.toString(change.executorId));
    } else if (change.has(Change.DELETE_PROPOSED)) {
      proposed.add(change.executorId);
    }
  }

  boolean anyProposed() {
    return !proposed.isEmpty();
  }

  /**
   * What may go. The ids count as deleted before the scheduler is asked who has registered: whoever tries in
   * between is turned away, so no executor that is confirmed here can be a registered one.
   */
  long[] confirm(Supplier<Set<Long>> registered) {
    for (long id : proposed) {
      deleted.add(Long.toString(id));
    }
    Set<Long> known = registered.get();
    long[] confirmed =
        proposed.stream().filter(id -> !known.contains(id)).mapToLong(Long::longValue).toArray();
    for (long id : proposed) {
      if (known.contains(id)) {
        deleted.remove(Long.toString(id));
      }
    }
    proposed.clear();
    return confirmed;
  }

  boolean contains(String executorId) {
    return deleted.contains(executorId);
  }
}

package io.outrigger.spark;

import java.util.HashSet;
import java.util.Set;

/**
 * Ids that the scheduler has registered, as the agent has been told; gives the difference. Thread of the
 * shim.
 */
final class KnownExecutors {
  private Set<Long> told = new HashSet<>();

  /** Added, removed; null: nothing changed. */
  long[][] update(Set<Long> now) {
    if (now.equals(told)) {
      return null;
    }
    long[] added = now.stream().filter(id -> !told.contains(id)).mapToLong(Long::longValue).toArray();
    long[] removed = told.stream().filter(id -> !now.contains(id)).mapToLong(Long::longValue).toArray();
    told = new HashSet<>(now);
    return new long[][] {added, removed};
  }
}

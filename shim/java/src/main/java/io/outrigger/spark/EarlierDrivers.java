package io.outrigger.spark;

import java.util.HashSet;
import java.util.Set;

/**
 * Tells executors of an earlier driver of the same application from ours (S8). An agent that outlives a driver still shows what it knew of that
 * driver's executors, and both count their ids from 1. Our nonce is new, so whatever the first table holds cannot be ours. Thread of the shim.
 */
final class EarlierDrivers {
  private final Set<String> uids = new HashSet<>();
  private boolean firstTable = true;

  boolean has(Change change) {
    if (firstTable && change.has(Change.REPLAY)) {
      if (!change.uid.isEmpty()) {
        uids.add(change.uid);
      }
      return true;
    }
    firstTable = false; // what comes by the ring happened after our hello
    return uids.contains(change.uid);
  }

  /** An agent has accepted us and its table has been read to the end. */
  void accepted() {
    firstTable = false;
  }
}

package io.outrigger.spark;

import java.util.HashSet;
import java.util.Set;

/**
 * Tells executors of an earlier driver of the same application from ours (S8). An agent that outlives a
 * driver still shows what it knew of that driver's executors, and both count their ids from 1. No target is
 * posted before the first table of a session has been read, so whatever comes until then cannot be ours.
 * Thread of the shim.
 */
final class EarlierDrivers {
  private final Set<String> uids = new HashSet<>();
  private boolean accepted;

  boolean has(Change change) {
    if (accepted) {
      return uids.contains(change.uid);
    }
    if (!change.uid.isEmpty()) {
      uids.add(change.uid);
    }
    return true;
  }

  /**
   * True the first time: an agent has accepted us, its table has been read to the end, and targets may
   * follow.
   */
  boolean accept() {
    boolean first = !accepted;
    accepted = true;
    return first;
  }
}

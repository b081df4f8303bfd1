package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Set;

/**
 * What the shim calls in Spark's scheduler. Thread of the shim; nothing here may be called with a lock of
 * the shim held (S25).
 */
interface SparkSide {
  void updatePod(Pod pod);

  void replaceSnapshot(List<Pod> pods);

  void notifySubscribers();

  /** Of an end that the application did not cause; asynchronous (S19). */
  void removeExecutor(long executorId, int exitCode, String why);

  /** Of executors that have registered. Takes the backend's monitor. */
  Set<Long> executorIds();

  /** An executor ran out of memory (S15). */
  void outOfMemory(long executorId);
}

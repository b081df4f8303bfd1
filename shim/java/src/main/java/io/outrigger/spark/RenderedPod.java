package io.outrigger.spark;

/**
 * One executor's pod as JSON, with the extra resources (PersistentVolumeClaims) that are created after it
 * (S6). Immutable.
 */
final class RenderedPod {
  final long executorId;
  final byte[] pod;
  final byte[][] extras;

  RenderedPod(long executorId, byte[] pod, byte[][] extras) {
    this.executorId = executorId;
    this.pod = pod;
    this.extras = extras;
  }
}

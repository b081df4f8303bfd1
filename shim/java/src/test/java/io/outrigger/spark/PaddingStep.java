package io.outrigger.spark;

/** The id at a fixed width: within one length it can be stamped. */
public final class PaddingStep extends AnnotationStep {
  @Override
  String value(int executorId) {
    return String.format("%08d", executorId);
  }
}

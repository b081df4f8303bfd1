package io.outrigger.spark;

/** A function of the id that no template can hold. */
public final class ZoneStep extends AnnotationStep {
  @Override
  String value(int executorId) {
    return "zone-" + executorId % 3;
  }
}

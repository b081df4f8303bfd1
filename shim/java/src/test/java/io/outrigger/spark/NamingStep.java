package io.outrigger.spark;

/** A function of the id alone: it can be stamped. */
public final class NamingStep extends AnnotationStep {
  @Override
  String value(int executorId) {
    return "executor-" + executorId + "." + executorId;
  }
}

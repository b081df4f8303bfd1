package io.outrigger.spark;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts its calls: no function of the id at all. */
public final class CountingStep extends AnnotationStep {
  private static final AtomicInteger CALLS = new AtomicInteger();

  @Override
  String value(int executorId) {
    return "call " + CALLS.incrementAndGet();
  }
}

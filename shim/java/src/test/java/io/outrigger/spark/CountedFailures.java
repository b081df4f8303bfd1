package io.outrigger.spark;

final class CountedFailures implements FailureCounter {
  int creates;
  int failed;

  @Override
  public void createFailed() {
    creates++;
  }

  @Override
  public void executorFailed() {
    failed++;
  }
}

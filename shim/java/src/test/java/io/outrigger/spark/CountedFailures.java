package io.outrigger.spark;

final class CountedFailures implements FailureCounter {
  int creates;
  int failed;
  int refused;

  @Override
  public void createFailed() {
    creates++;
  }

  @Override
  public void refused(int executors) {
    refused += executors;
  }

  @Override
  public void executorFailed() {
    failed++;
  }
}

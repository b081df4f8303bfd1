package io.outrigger.spark;

/** Executor failures that Spark would not learn of by itself (S13). Thread of the shim. */
interface FailureCounter {
  /** A pod could not be created or rendered. */
  void createFailed();

  /** An executor ended and the application caused it; each executor once. */
  void executorFailed();

  /** For Spark versions that count neither here. */
  FailureCounter NONE = new FailureCounter() {
    @Override
    public void createFailed() {}

    @Override
    public void executorFailed() {}
  };
}

package io.outrigger.spark;

/** Executor failures that Spark would not learn of by itself (S13). Thread of the shim. */
interface FailureCounter {
  /** A pod could not be created. */
  void createFailed();

  /**
   * The pods of a profile cannot be had as its settings stand, and trying again changes nothing (S3): each of
   * its executors is one that failed.
   */
  void refused(int executors);

  /** An executor ended and the application caused it; each executor once. */
  void executorFailed();

  /** For Spark versions that count neither here. */
  FailureCounter NONE = new FailureCounter() {
    @Override
    public void createFailed() {}

    @Override
    public void refused(int executors) {}

    @Override
    public void executorFailed() {}
  };
}

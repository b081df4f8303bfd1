package io.outrigger.spark;

/** Changes as the agent makes them. */
final class Changes {
  private static long sequence;

  private Changes() {}

  static Change of(long id, int state) {
    Change change = new Change();
    change.sequence = ++sequence;
    change.executorId = id;
    change.state = state;
    change.name = "app-exec-" + id;
    change.uid = "11111111-2222-3333-4444-555555555555";
    return change;
  }

  static Change running(long id) {
    return of(id, Change.RUNNING);
  }

  static Change ended(long id, int exitClass, int exitCode, boolean causedByApp, String reason) {
    Change change = of(id, Change.FAILED);
    change.exitClass = exitClass;
    change.exitCode = exitCode;
    change.reason = reason;
    if (causedByApp) {
      change.flags |= Change.CAUSED_BY_APP;
    }
    return change;
  }

  static Change with(Change change, int flag) {
    change.flags |= flag;
    return change;
  }
}

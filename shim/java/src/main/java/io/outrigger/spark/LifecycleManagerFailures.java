package io.outrigger.spark;

import java.lang.reflect.Method;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spark 4.0 and later: the lifecycle manager counts ends of pods itself and ends the application. From 4.2 on
 * it has a public method for creates that failed. 4.0 and 4.1 leave those uncounted, and so does this, except
 * for pods that cannot be had at all (S3), for which its tracker is asked. By name, because the shim is
 * compiled against 4.1 and 3.5.
 */
final class LifecycleManagerFailures implements FailureCounter {
  private static final Logger LOG = LoggerFactory.getLogger(LifecycleManagerFailures.class);

  private final Object counter;
  private final Method register;
  private final boolean countsCreates;

  LifecycleManagerFailures(Object manager) throws ReflectiveOperationException {
    countsCreates = has(manager, "registerExecutorFailure");
    counter = countsCreates ? manager : manager.getClass().getMethod("failureTracker").invoke(manager);
    register = counter.getClass().getMethod("registerExecutorFailure");
  }

  private static boolean has(Object object, String method) {
    try {
      object.getClass().getMethod(method);
      return true;
    } catch (NoSuchMethodException before42) {
      return false;
    }
  }

  @Override
  public void createFailed() {
    if (countsCreates) {
      count();
    }
  }

  @Override
  public void refused(int executors) {
    for (int i = 0; i < executors; i++) {
      count();
    }
  }

  @Override
  public void executorFailed() {}

  private void count() {
    try {
      register.invoke(counter);
    } catch (ReflectiveOperationException failure) {
      LOG.warn("outrigger: a failed create could not be counted", failure);
    }
  }
}

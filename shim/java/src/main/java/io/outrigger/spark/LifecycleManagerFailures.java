package io.outrigger.spark;

import java.lang.reflect.Method;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spark 4.2 and later: the lifecycle manager counts ends of pods itself and has a public method for creates
 * that failed. Called by name, because the shim is compiled against 4.1.
 */
final class LifecycleManagerFailures implements FailureCounter {
  private static final Logger LOG = LoggerFactory.getLogger(LifecycleManagerFailures.class);

  private final Object manager;
  private final Method register;

  LifecycleManagerFailures(Object manager) throws NoSuchMethodException {
    this.manager = manager;
    this.register = manager.getClass().getMethod("registerExecutorFailure");
  }

  @Override
  public void createFailed() {
    try {
      register.invoke(manager);
    } catch (ReflectiveOperationException failure) {
      LOG.warn("outrigger: a failed create could not be counted", failure);
    }
  }

  @Override
  public void executorFailed() {}
}

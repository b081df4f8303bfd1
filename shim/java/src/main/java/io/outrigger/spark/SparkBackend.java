package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Pod;
import java.lang.reflect.Field;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.ExecutorExited;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsLifecycleManager;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshotsStore;
import org.apache.spark.scheduler.cluster.k8s.KubernetesClusterSchedulerBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/**
 * Spark's snapshot store and scheduler backend behind {@link SparkSide}. Compiled for each Scala line: their
 * Seq differs in bytecode.
 */
@SuppressWarnings("deprecation") // JavaConverters: the one converter that both Scala lines have
final class SparkBackend implements SparkSide {
  static final String RECOVERY_MODE = "spark.kubernetes.allocation.recoveryMode.enabled";

  private static final Logger LOG = LoggerFactory.getLogger(SparkBackend.class);

  private final ExecutorPodsSnapshotsStore store;
  private final KubernetesClusterSchedulerBackend backend;
  private final SparkConf conf;
  private final boolean hasRecoveryMode;

  SparkBackend(ExecutorPodsSnapshotsStore store, KubernetesClusterSchedulerBackend backend, SparkConf conf,
      SparkVersion version) {
    this.store = store;
    this.backend = backend;
    this.conf = conf;
    this.hasRecoveryMode = version.atLeast(4, 2);
  }

  @Override
  public void updatePod(Pod pod) {
    store.updatePod(pod);
  }

  @Override
  public void replaceSnapshot(List<Pod> pods) {
    store.replaceSnapshot(JavaConverters.asScalaBuffer(pods).toList());
  }

  @Override
  public void notifySubscribers() {
    store.notifySubscribers();
  }

  @Override
  public void removeExecutor(long executorId, int exitCode, String why) {
    backend.doRemoveExecutor(Long.toString(executorId), new ExecutorExited(exitCode, false, why));
  }

  @Override
  public Set<Long> executorIds() {
    Set<Long> ids = new HashSet<>();
    for (String id : JavaConverters.asJavaCollection(backend.getExecutorIds())) {
      if (!id.isEmpty() && id.chars().allMatch(c -> c >= '0' && c <= '9')) {
        ids.add(Long.parseLong(id));
      }
    }
    return ids;
  }

  /**
   * Spark does this only for its own allocator class (S15). The key is part of what templates depend on, so
   * they are rendered again.
   */
  @Override
  public void outOfMemory(long executorId) {
    if (hasRecoveryMode && !conf.contains(RECOVERY_MODE)) {
      LOG.warn("outrigger: executor {} ran out of memory; new executors start in recovery mode ({})",
          executorId, RECOVERY_MODE);
      conf.set(RECOVERY_MODE, "true");
    }
  }

  /** The backend's own context: none is active yet while it starts. Null when this Spark hides it. */
  static SparkContext contextOf(KubernetesClusterSchedulerBackend backend) {
    return fieldOf(backend, SparkContext.class);
  }

  /** Null when this Spark hides it. */
  static ExecutorPodsLifecycleManager lifecycleManagerOf(KubernetesClusterSchedulerBackend backend) {
    return fieldOf(backend, ExecutorPodsLifecycleManager.class);
  }

  private static <T> T fieldOf(KubernetesClusterSchedulerBackend backend, Class<T> type) {
    for (Field field : KubernetesClusterSchedulerBackend.class.getDeclaredFields()) {
      if (field.getType() == type) {
        try {
          field.setAccessible(true);
          return type.cast(field.get(backend));
        } catch (ReflectiveOperationException | RuntimeException hidden) {
          return null;
        }
      }
    }
    return null;
  }
}

package io.outrigger.spark;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.scheduler.cluster.CoarseGrainedClusterMessages;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodState;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshot;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshotsStore;
import org.apache.spark.scheduler.cluster.k8s.KubernetesClusterSchedulerBackend;
import scala.Tuple2;
import scala.runtime.BoxedUnit;

/**
 * A stock SparkContext in client mode on the allocator, and what its scheduler is shown. Simulated executors
 * never register.
 */
final class Driver implements AutoCloseable {
  final SparkContext context;
  /** Kinds of state that Spark has seen of each executor, in short: "Running", "Failed", ... */
  final Map<Long, String> seen = new ConcurrentHashMap<>();

  /** When Spark was last told everything. */
  volatile long fullSnapshotMs;

  Driver(SparkConf conf) throws ReflectiveOperationException {
    context = new SparkContext(conf);
    watch();
  }

  static SparkConf conf(Rig rig, int executors) {
    return new SparkConf(false)
        .setMaster("k8s://" + rig.url())
        .setAppName("shim-test")
        .set("spark.submit.deployMode", "client")
        .set("spark.kubernetes.allocation.pods.allocator", OutriggerPodsAllocator.class.getName())
        .set("spark.kubernetes.namespace", Rig.NAMESPACE)
        .set("spark.kubernetes.container.image", "spark:test")
        .set("spark.driver.host", "127.0.0.1")
        .set("spark.driver.bindAddress", "127.0.0.1")
        .set("spark.executor.instances", Integer.toString(executors))
        .set("spark.scheduler.minRegisteredResourcesRatio", "0")
        .set("spark.ui.enabled", "false")
        .set(Settings.RUN_DIRECTORY, rig.runDirectory.toString())
        .set(Settings.NATIVE_LIBRARY, rig.library());
  }

  KubernetesClusterSchedulerBackend backend() {
    return (KubernetesClusterSchedulerBackend) context.schedulerBackend();
  }

  OutriggerPodsAllocator allocator() throws ReflectiveOperationException {
    return (OutriggerPodsAllocator) fieldOf(
        org.apache.spark.scheduler.cluster.k8s.AbstractPodsAllocator.class);
  }

  ExecutorPodsSnapshotsStore store() throws ReflectiveOperationException {
    return (ExecutorPodsSnapshotsStore) fieldOf(ExecutorPodsSnapshotsStore.class);
  }

  private Object fieldOf(Class<?> type) throws ReflectiveOperationException {
    for (Field field : KubernetesClusterSchedulerBackend.class.getDeclaredFields()) {
      if (field.getType() == type) {
        field.setAccessible(true);
        return field.get(backend());
      }
    }
    throw new NoSuchFieldException(type.getName());
  }

  private void watch() throws ReflectiveOperationException {
    store().addSubscriber(50, snapshots -> {
      snapshots.foreach(this::look);
      return BoxedUnit.UNIT;
    });
  }

  private Object look(ExecutorPodsSnapshot snapshot) {
    fullSnapshotMs = snapshot.fullSnapshotTs();
    scala.collection.Iterator<Tuple2<Object, ExecutorPodState>> states = snapshot.executorPods().iterator();
    while (states.hasNext()) {
      Tuple2<Object, ExecutorPodState> state = states.next();
      seen.put((Long) state._1(), state._2().getClass().getSimpleName().replace("Pod", ""));
    }
    return null;
  }

  /**
   * What a real executor does first; false: it is turned away. Spark's own endpoint stands for the
   * executor's.
   */
  boolean register(long executorId) {
    scala.collection.immutable.Map<String, String> none = scala.collection.immutable.Map$.MODULE$.empty();
    scala.collection.immutable.Map<String, ResourceInformation> resources =
        scala.collection.immutable.Map$.MODULE$.empty();
    try {
      return (Boolean) backend().driverEndpoint().askSync(
          new CoarseGrainedClusterMessages.RegisterExecutor(Long.toString(executorId),
              backend().driverEndpoint(), "127.0.0.1", 1, none, none, resources, 0),
          scala.reflect.ClassTag$.MODULE$.Boolean());
    } catch (RuntimeException refused) {
      return false;
    }
  }

  Set<Long> registered() {
    return new SparkBackend(null, backend(), null, SparkVersion.running()).executorIds();
  }

  long count(String state) {
    return seen.values().stream().filter(state::equals).count();
  }

  Map<Long, String> sorted() {
    return new TreeMap<>(seen);
  }

  @Override
  public void close() {
    context.stop();
  }
}

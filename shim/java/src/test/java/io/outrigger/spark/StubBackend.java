package io.outrigger.spark;

import java.lang.reflect.Field;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.scheduler.cluster.k8s.KubernetesClusterSchedulerBackend;

/**
 * A backend of which only {@code getExecutorIds} is asked. It is made without its constructor, which wants a
 * whole SparkContext and differs between Spark lines.
 */
final class StubBackend extends KubernetesClusterSchedulerBackend {
  private volatile Set<Long> known;

  private StubBackend() {
    super(null, null, null, null, null, null, null, null, null);
  }

  static StubBackend make() {
    try {
      Class<?> type = Class.forName("sun.misc.Unsafe"); // by name: javac warns of it, and warnings are errors
      Field unsafe = type.getDeclaredField("theUnsafe");
      unsafe.setAccessible(true);
      StubBackend made = (StubBackend) type.getMethod("allocateInstance", Class.class)
                             .invoke(unsafe.get(null), StubBackend.class);
      made.known = Set.of();
      return made;
    } catch (ReflectiveOperationException hidden) {
      throw new IllegalStateException(hidden);
    }
  }

  void known(Set<Long> ids) {
    known = ids;
  }

  @Override
  public scala.collection.immutable.List<String> getExecutorIds() {
    List<String> ids = known.stream().map(String::valueOf).collect(Collectors.toList());
    return Seqs.of(ids);
  }
}

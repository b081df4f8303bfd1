package io.outrigger.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodState;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshot;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshotsStore;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * One more subscriber of Spark's snapshot store, with the interval of Spark's own lifecycle manager. Writes a line of Unix
 * microseconds, state and executor id whenever an executor's state becomes another one, and when the executor is in no snapshot.
 */
public final class SnapshotProbe extends AbstractFunction1<Seq<ExecutorPodsSnapshot>, BoxedUnit> {
  private static final long INTERVAL_MS = 1000;  // spark.kubernetes.executor.eventProcessingInterval

  private final PrintStream out;
  private final Map<Object, String> known = new HashMap<>();

  private SnapshotProbe(PrintStream out) {
    this.out = out;
  }

  public static SnapshotProbe attach(SparkContext context, String file) throws IOException, ReflectiveOperationException {
    Object backend = context.schedulerBackend();
    SnapshotProbe probe = new SnapshotProbe(new PrintStream(Path.of(file).toFile()));
    for (Field field : backend.getClass().getDeclaredFields()) {
      if (ExecutorPodsSnapshotsStore.class.isAssignableFrom(field.getType())) {
        field.setAccessible(true);
        ((ExecutorPodsSnapshotsStore) field.get(backend)).addSubscriber(INTERVAL_MS, probe);
        return probe;
      }
    }
    throw new NoSuchFieldException(backend.getClass() + " has no snapshot store");
  }

  @Override
  public BoxedUnit apply(Seq<ExecutorPodsSnapshot> snapshots) {
    long now = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    StringBuilder lines = new StringBuilder();
    for (Iterator<ExecutorPodsSnapshot> each = snapshots.iterator(); each.hasNext(); ) {
      look(each.next(), now, lines);
    }
    out.append(lines);
    out.flush();
    return BoxedUnit.UNIT;
  }

  private void look(ExecutorPodsSnapshot snapshot, long now, StringBuilder lines) {
    Set<Object> gone = new HashSet<>(known.keySet());
    for (Iterator<scala.Tuple2<Object, ExecutorPodState>> each = snapshot.executorPods().iterator(); each.hasNext(); ) {
      scala.Tuple2<Object, ExecutorPodState> entry = each.next();
      gone.remove(entry._1());
      String state = entry._2().getClass().getSimpleName();
      if (!state.equals(known.put(entry._1(), state))) {
        lines.append(now).append(' ').append(state).append(' ').append(entry._1()).append('\n');
      }
    }
    for (Object id : gone) {
      known.remove(id);
      lines.append(now).append(" Absent ").append(id).append('\n');
    }
  }
}

package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.apache.spark.deploy.k8s.KubernetesUtils;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodState;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshot$;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;

/** What Spark's own classes make of the pods that it is fed. */
@SuppressWarnings("deprecation")
class SyntheticPodsTest {
  private final SyntheticPods pods = new SyntheticPods("ns", "app", SyntheticPods.DEFAULT_CONTAINER);

  private String state(Change change) {
    ExecutorPodState state = ExecutorPodsSnapshot$.MODULE$
                                 .apply(JavaConverters.asScalaBuffer(List.of(pods.of(change))).toList(), 1L)
                                 .executorPods()
                                 .apply(change.executorId);
    return state.getClass().getSimpleName();
  }

  @Test
  void S19_an_end_that_the_application_did_not_cause_is_a_deleted_pod_with_its_code() {
    Change evicted = Changes.ended(1, 9, 137, false, "Evicted");
    assertEquals("PodDeleted", state(evicted));
    assertEquals(137,
        pods.of(evicted).getStatus().getContainerStatuses().get(0).getState().getTerminated().getExitCode());
  }

  @Test
  void S19_an_end_that_the_application_caused_is_a_failed_pod_that_needs_no_call() {
    Change failed = Changes.ended(1, 2, 1, true, "Error");
    assertEquals("PodFailed", state(failed));
    assertNotNull(pods.of(failed).getMetadata().getDeletionTimestamp());
  }

  @Test
  void S19_a_success_is_a_succeeded_pod_that_needs_no_call() {
    assertEquals("PodSucceeded", state(Changes.of(1, Change.SUCCEEDED)));
    assertNotNull(pods.of(Changes.of(1, Change.SUCCEEDED)).getMetadata().getDeletionTimestamp());
  }

  @Test
  void S19_a_pending_pod_on_its_way_out_is_deleted_and_a_running_one_runs_until_its_end_is_classed() {
    Change pending = Changes.of(1, Change.TERMINATING);
    pending.phase = Change.PHASE_PENDING;
    assertEquals("PodDeleted", state(pending));
    assertEquals("PodRunning", state(Changes.of(1, Change.TERMINATING)));
  }

  @Test
  void S19_a_failure_without_a_code_of_its_own_is_never_shown_as_success() {
    assertEquals("PodFailed", state(Changes.ended(1, 2, 0, true, "")));
  }

  @Test
  void S17_a_create_in_flight_is_shown_as_pending() {
    assertEquals("PodPending", state(Changes.of(1, Change.CREATING)));
    assertEquals("PodPending", state(Changes.of(1, Change.PENDING)));
    assertEquals("PodRunning", state(Changes.running(1)));
  }

  @Test
  void S22_spark_describes_every_kind_of_pod_without_a_null() {
    for (int state = Change.CREATING; state <= Change.UNKNOWN; state++) {
      Pod pod = pods.of(Changes.of(7, state));
      assertNotNull(KubernetesUtils.formatPodState(pod));
      assertEquals("7", pod.getMetadata().getLabels().get("spark-exec-id"));
      assertEquals("Never", pod.getSpec().getRestartPolicy());
      assertNotNull(pod.getStatus().getContainerStatuses());
      assertEquals("ns", pod.getMetadata().getNamespace());
    }
  }
}

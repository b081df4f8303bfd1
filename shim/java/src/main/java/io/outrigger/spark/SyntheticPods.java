package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * What Spark is shown of an executor: a small pod with all that Spark reads, built so that Spark draws the
 * conclusion that the agent has drawn (the table of S19; S22). Immutable; any thread.
 */
final class SyntheticPods {
  static final String DEFAULT_CONTAINER = "spark-kubernetes-executor";

  private final String namespace;
  private final String applicationId;
  private final String container;

  SyntheticPods(String namespace, String applicationId, String container) {
    this.namespace = namespace;
    this.applicationId = applicationId;
    this.container = container;
  }

  Pod of(Change change) {
    switch (change.state) {
      case Change.RUNNING:
        return pod(change, "Running", false, null);
      case Change.TERMINATING:
        return pod(change, change.phase == Change.PHASE_PENDING ? "Pending" : "Running", true, null);
      case Change.SUCCEEDED:
        return pod(change, "Running", true, 0);
      case Change.FAILED:
      case Change.DELETED:
        // Row 2 counts against the application and row 1 does not; both make no call to the API server from
        // Spark 4.1 on.
        return change.has(Change.CAUSED_BY_APP)
            ? pod(change, "Running", true, change.exitCode == 0 ? -1 : change.exitCode)
            : pod(change, "Failed", true, change.exitCode);
      case Change.UNKNOWN:
        return pod(change, "Unknown", false, null);
      default: // a create in flight is as good as pending: it must not be missing from a full snapshot (S17)
        return pod(change, "Pending", false, null);
    }
  }

  private Pod pod(Change change, String phase, boolean deleting, Integer exitCode) {
    Map<String, String> labels = new HashMap<>();
    labels.put("spark-exec-id", Long.toString(change.executorId));
    labels.put("spark-app-selector", applicationId);
    labels.put("spark-role", "executor");
    labels.put("spark-exec-resourceprofile-id", Integer.toString(change.profile));
    if (change.has(Change.INACTIVE)) {
      labels.put("spark-exec-inactive", "true");
    }
    PodBuilder pod = new PodBuilder()
                         .withNewMetadata()
                         .withName(change.name)
                         .withNamespace(namespace)
                         .withUid(emptyToNull(change.uid))
                         .withLabels(labels)
                         .withCreationTimestamp(time(change.createdAtMs))
                         .withDeletionTimestamp(deleting ? time(Math.max(change.deletionAtMs, 1)) : null)
                         .endMetadata()
                         .withNewSpec()
                         .withRestartPolicy("Never")
                         .withNodeName(emptyToNull(change.node))
                         .endSpec()
                         .withNewStatus()
                         .withPhase(phase)
                         .withPodIP(emptyToNull(change.ip))
                         .withReason(exitCode == null ? null : emptyToNull(change.reason))
                         .withMessage(exitCode == null ? null : emptyToNull(change.message))
                         .endStatus();
    if (!phase.equals("Pending")) {
      pod.editStatus().addToContainerStatuses(status(change, exitCode).build()).endStatus();
    }
    return pod.build();
  }

  private ContainerStatusBuilder status(Change change, Integer exitCode) {
    ContainerStateBuilder state = new ContainerStateBuilder();
    if (exitCode == null) {
      state.withNewRunning().endRunning();
    } else {
      state.withNewTerminated()
          .withExitCode(exitCode)
          .withReason(emptyToNull(change.reason))
          .withMessage(emptyToNull(change.message))
          .withFinishedAt(time(change.finishedAtMs))
          .endTerminated();
    }
    return new ContainerStatusBuilder().withName(container).withState(state.build());
  }

  private static String time(long ms) {
    return ms == 0 ? null : Instant.ofEpochMilli(ms).toString();
  }

  private static String emptyToNull(String text) {
    return text.isEmpty() ? null : text;
  }
}

package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateRunning;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Instant;
import java.util.Collections;
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

  // Setters, not fabric8's builders: those copy every list of a pod spec each time, and a driver that gets
  // 1,000 executors spends more on compiling that code than on running it.
  private Pod pod(Change change, String phase, boolean deleting, Integer exitCode) {
    Pod pod = new Pod();
    pod.setMetadata(metadata(change, deleting));
    PodSpec spec = new PodSpec();
    spec.setRestartPolicy("Never");
    spec.setNodeName(emptyToNull(change.node));
    pod.setSpec(spec);
    PodStatus status = new PodStatus();
    status.setPhase(phase);
    status.setPodIP(emptyToNull(change.ip));
    if (exitCode != null) {
      status.setReason(emptyToNull(change.reason));
      status.setMessage(emptyToNull(change.message));
    }
    if (!phase.equals("Pending")) {
      status.setContainerStatuses(Collections.singletonList(containerStatus(change, exitCode)));
    }
    pod.setStatus(status);
    return pod;
  }

  private ObjectMeta metadata(Change change, boolean deleting) {
    Map<String, String> labels = new HashMap<>();
    labels.put("spark-exec-id", Long.toString(change.executorId));
    labels.put("spark-app-selector", applicationId);
    labels.put("spark-role", "executor");
    labels.put("spark-exec-resourceprofile-id", Integer.toString(change.profile));
    if (change.has(Change.INACTIVE)) {
      labels.put("spark-exec-inactive", "true");
    }
    ObjectMeta metadata = new ObjectMeta();
    metadata.setName(change.name);
    metadata.setNamespace(namespace);
    metadata.setUid(emptyToNull(change.uid));
    metadata.setLabels(labels);
    metadata.setCreationTimestamp(time(change.createdAtMs));
    if (deleting) {
      metadata.setDeletionTimestamp(time(Math.max(change.deletionAtMs, 1)));
    }
    return metadata;
  }

  private ContainerStatus containerStatus(Change change, Integer exitCode) {
    ContainerState state = new ContainerState();
    if (exitCode == null) {
      state.setRunning(new ContainerStateRunning());
    } else {
      ContainerStateTerminated terminated = new ContainerStateTerminated();
      terminated.setExitCode(exitCode);
      terminated.setReason(emptyToNull(change.reason));
      terminated.setMessage(emptyToNull(change.message));
      terminated.setFinishedAt(time(change.finishedAtMs));
      state.setTerminated(terminated);
    }
    ContainerStatus status = new ContainerStatus();
    status.setName(container);
    status.setState(state);
    return status;
  }

  private static String time(long ms) {
    return ms == 0 ? null : Instant.ofEpochMilli(ms).toString();
  }

  private static String emptyToNull(String text) {
    return text.isEmpty() ? null : text;
  }
}

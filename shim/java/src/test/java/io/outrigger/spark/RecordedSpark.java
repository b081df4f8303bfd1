package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes down what the scheduler is told, in order. */
class RecordedSpark implements SparkSide {
  final List<String> calls = new ArrayList<>();
  final Set<Long> registered = new HashSet<>();

  @Override
  public void updatePod(Pod pod) {
    calls.add(
        "update " + pod.getMetadata().getLabels().get("spark-exec-id") + " " + pod.getStatus().getPhase());
  }

  @Override
  public void replaceSnapshot(List<Pod> pods) {
    calls.add("replace " + pods.size());
  }

  @Override
  public void notifySubscribers() {
    calls.add("notify");
  }

  @Override
  public void removeExecutor(long executorId, int exitCode, String why) {
    calls.add("remove " + executorId + " " + exitCode + " " + why);
  }

  @Override
  public Set<Long> executorIds() {
    return registered;
  }

  @Override
  public void outOfMemory(long executorId) {
    calls.add("oom " + executorId);
  }

  long count(String what) {
    return calls.stream().filter(call -> call.startsWith(what)).count();
  }
}

package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Puts the local directories of a rendered pod in order. Spark shuffles them at each rendering, so that two
 * pods would differ by more than the executor's id (S1). Changes the objects it is given.
 */
final class CanonicalLocalDirs {
  private static final String PREFIX = "spark-local-dir-";

  private CanonicalLocalDirs() {}

  static void order(Pod pod, Container container) {
    orderVariable(container);
    orderMounts(pod, container);
  }

  private static void orderVariable(Container container) {
    List<EnvVar> env = container.getEnv();
    for (int i = env.size() - 1; i >= 0; i--) {
      EnvVar variable = env.get(i);
      if (variable.getName().equals("SPARK_LOCAL_DIRS") && variable.getValue() != null) {
        String[] dirs = variable.getValue().split(",");
        Arrays.sort(dirs);
        variable.setValue(String.join(",", dirs));
        return; // the builder's own; what a user set before it stays
      }
    }
  }

  /**
   * Which of several equal volumes is mounted at which path means nothing, so the paths go up with the
   * volumes.
   */
  private static void orderMounts(Pod pod, Container container) {
    Set<Volume> kinds = new HashSet<>();
    for (Volume volume : pod.getSpec().getVolumes()) {
      if (volume.getName().startsWith(PREFIX)) {
        kinds.add(new VolumeBuilder(volume).withName(PREFIX).build());
      }
    }
    if (kinds.size() != 1 || mountedElsewhere(pod)) {
      return;
    }
    List<VolumeMount> mounts = new ArrayList<>();
    List<String> paths = new ArrayList<>();
    for (VolumeMount mount : container.getVolumeMounts()) {
      if (mount.getName().startsWith(PREFIX)) {
        mounts.add(mount);
        paths.add(mount.getMountPath());
      }
    }
    Collections.sort(paths);
    for (int i = 0; i < paths.size(); i++) {
      mounts.get(i).setMountPath(paths.get(i));
    }
  }

  private static boolean mountedElsewhere(Pod pod) {
    List<Container> others = new ArrayList<>(pod.getSpec().getContainers());
    others.addAll(pod.getSpec().getInitContainers());
    for (Container other : others) {
      for (VolumeMount mount : other.getVolumeMounts()) {
        if (mount.getName().startsWith(PREFIX)) {
          return true;
        }
      }
    }
    return false;
  }
}

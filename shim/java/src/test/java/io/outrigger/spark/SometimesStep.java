package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.PodBuilder;
import org.apache.spark.deploy.k8s.SparkPod;
import org.apache.spark.deploy.k8s.features.KubernetesFeatureConfigStep;

/** Every fourth executor has a volume more: pods of another shape. */
public final class SometimesStep implements KubernetesFeatureConfigStep {
  @Override
  public SparkPod configurePod(SparkPod pod) {
    int id = Integer.parseInt(pod.pod().getMetadata().getLabels().get("spark-exec-id"));
    if (id % 4 != 0) {
      return pod;
    }
    return new SparkPod(new PodBuilder(pod.pod())
                            .editSpec()
                            .addNewVolume()
                            .withName("more")
                            .withNewEmptyDir()
                            .endEmptyDir()
                            .endVolume()
                            .endSpec()
                            .build(),
        pod.container());
  }
}

package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.UUID;
import org.apache.spark.deploy.k8s.SparkPod;
import org.apache.spark.deploy.k8s.features.KubernetesFeatureConfigStep;

/** A user's own step that is no function of the executor's id. */
public final class RandomStep implements KubernetesFeatureConfigStep {
  static final String ANNOTATION = "test.outrigger/random";

  @Override
  public SparkPod configurePod(SparkPod pod) {
    return new SparkPod(new PodBuilder(pod.pod())
                            .editOrNewMetadata()
                            .addToAnnotations(ANNOTATION, UUID.randomUUID().toString())
                            .endMetadata()
                            .build(),
        pod.container());
  }
}

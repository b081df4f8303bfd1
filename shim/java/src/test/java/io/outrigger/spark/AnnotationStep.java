package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.PodBuilder;
import org.apache.spark.deploy.k8s.SparkPod;
import org.apache.spark.deploy.k8s.features.KubernetesFeatureConfigStep;

/** A user's own step that writes one annotation, made from the executor's id. */
abstract class AnnotationStep implements KubernetesFeatureConfigStep {
  static final String ANNOTATION = "test.outrigger/step";

  abstract String value(int executorId);

  @Override
  public SparkPod configurePod(SparkPod pod) {
    int id = Integer.parseInt(pod.pod().getMetadata().getLabels().get("spark-exec-id"));
    return new SparkPod(new PodBuilder(pod.pod())
                            .editMetadata()
                            .addToAnnotations(ANNOTATION, value(id))
                            .endMetadata()
                            .build(),
        pod.container());
  }
}

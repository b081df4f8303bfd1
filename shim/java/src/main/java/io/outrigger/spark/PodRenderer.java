package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.UUID;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.k8s.KubernetesConf$;
import org.apache.spark.deploy.k8s.KubernetesExecutorConf;
import org.apache.spark.deploy.k8s.KubernetesExecutorSpec;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBuilder;
import scala.Option;
import scala.collection.JavaConverters;

/**
 * Renders the pod of one executor with Spark's own builder: pod templates, feature steps and plugins
 * included. Throws what the builder throws. One thread at a time.
 */
@SuppressWarnings("deprecation") // JavaConverters: the one converter that both Scala lines have
final class PodRenderer {
  static final String OWN_CLAIMS = "spark.kubernetes.driver.ownPersistentVolumeClaim";

  private final SparkConf conf;
  private final SecurityManager security;
  private final KubernetesExecutorBuilder builder;
  private final KubernetesClient client;
  private final Option<Pod> driverPod;
  private final String applicationId;
  private final String defaultLocalDir = "/var/data/spark-" + UUID.randomUUID();

  PodRenderer(SparkConf conf, SecurityManager security, KubernetesExecutorBuilder builder,
      KubernetesClient client, Option<Pod> driverPod, String applicationId) {
    this.conf = conf;
    this.security = security;
    this.builder = builder;
    this.client = client;
    this.driverPod = driverPod;
    this.applicationId = applicationId;
  }

  RenderedPod render(ResourceProfile profile, long executorId) {
    KubernetesExecutorSpec spec = build(profile, executorId);
    Pod pod = podOf(spec);
    Collection<HasMetadata> resources = JavaConverters.asJavaCollection(spec.executorKubernetesResources());
    if (!conf.getBoolean(OWN_CLAIMS, true)) {
      resources.forEach(resource -> own(pod, resource));
    }
    byte[][] extras = resources.stream().map(PodRenderer::json).toArray(byte[][] ::new);
    return new RenderedPod(executorId, json(pod), extras);
  }

  /** What deletes of such pods should allow for; 30 s is Kubernetes' own default. */
  long terminationGraceS(ResourceProfile profile) {
    Long grace = build(profile, 1).pod().pod().getSpec().getTerminationGracePeriodSeconds();
    return grace == null ? 30 : grace;
  }

  private KubernetesExecutorSpec build(ResourceProfile profile, long executorId) {
    KubernetesExecutorConf wanted =
        KubernetesConf$.MODULE$.createExecutorConf(new RenderingConf(conf, defaultLocalDir),
            Long.toString(executorId), applicationId, driverPod, profile.id());
    return builder.buildFromFeatures(wanted, security, client, profile);
  }

  /** As the stock allocator puts pod and container together; the owner is the agent's to set (C22). */
  private static Pod podOf(KubernetesExecutorSpec spec) {
    Container container = spec.pod().container();
    CanonicalLocalDirs.order(spec.pod().pod(), container);
    return new PodBuilder(spec.pod().pod()).editOrNewSpec().addToContainers(container).endSpec().build();
  }

  /**
   * Tells the agent that this goes with its pod instead of the driver's; the uid is the agent's to fill in
   * (S6).
   */
  private static void own(Pod pod, HasMetadata resource) {
    OwnerReference owner = new OwnerReferenceBuilder()
                               .withApiVersion(pod.getApiVersion())
                               .withKind(pod.getKind())
                               .withName(pod.getMetadata().getName())
                               .build();
    resource.getMetadata().setOwnerReferences(Collections.singletonList(owner));
  }

  private static byte[] json(HasMetadata resource) {
    return Serialization.asJson(resource).getBytes(StandardCharsets.UTF_8);
  }
}

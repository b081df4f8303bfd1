package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.k8s.KubernetesConf$;
import org.apache.spark.deploy.k8s.KubernetesExecutorSpec;
import org.apache.spark.deploy.k8s.KubernetesUtils;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBuilder;
import scala.Option;
import scala.collection.JavaConverters;

/**
 * What stock Spark would POST for an executor: its own builder on the application's plain SparkConf,
 * container and owners put in as its own allocator does (ExecutorPodsAllocator.requestNewExecutors). Nothing
 * of the shim is used here.
 */
@SuppressWarnings("deprecation") // JavaConverters: the one converter that both Scala lines have
final class StockPods {
  /** As JSON text. */
  record Stock(String pod, List<String> extras) {}

  private final SparkConf conf;
  private final SecurityManager security;
  private final KubernetesClient client;
  private final Option<Pod> driverPod;
  private final String applicationId;
  private final KubernetesExecutorBuilder builder = new KubernetesExecutorBuilder();

  StockPods(SparkConf conf, SecurityManager security, KubernetesClient client, Option<Pod> driverPod,
      String applicationId) {
    this.conf = conf;
    this.security = security;
    this.client = client;
    this.driverPod = driverPod;
    this.applicationId = applicationId;
  }

  Stock render(ResourceProfile profile, long executorId) {
    KubernetesExecutorSpec spec =
        builder.buildFromFeatures(KubernetesConf$.MODULE$.createExecutorConf(conf, Long.toString(executorId),
                                      applicationId, driverPod, profile.id()),
            security, client, profile);
    Pod pod = new PodBuilder(spec.pod().pod())
                  .editOrNewSpec()
                  .addToContainers(spec.pod().container())
                  .endSpec()
                  .build();
    own(driverPod, pod);
    boolean ofDriver = conf.getBoolean("spark.kubernetes.driver.ownPersistentVolumeClaim", true);
    List<String> extras = new ArrayList<>();
    for (HasMetadata resource : JavaConverters.asJavaCollection(spec.executorKubernetesResources())) {
      Pod created = new PodBuilder(pod).editMetadata().withUid(Stamper.POD_UID).endMetadata().build();
      own(Option.apply(created), resource);
      if (ofDriver) {
        own(driverPod, resource);
      }
      extras.add(Serialization.asJson(resource));
    }
    return new Stock(Serialization.asJson(pod), extras);
  }

  private static void own(Option<Pod> owner, HasMetadata resource) {
    if (owner.isDefined()) {
      KubernetesUtils.addOwnerReference(
          owner.get(), JavaConverters.asScalaBuffer(Collections.singletonList(resource)).toList());
    }
  }
}

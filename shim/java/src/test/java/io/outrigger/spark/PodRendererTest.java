package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfile$;
import org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.Option;

/** Spark's own builder through the renderer. */
class PodRendererTest {
  private final SparkConf conf = new SparkConf(false)
                                     .set("spark.app.name", "render")
                                     .set("spark.master", "k8s://http://127.0.0.1:1")
                                     .set("spark.kubernetes.container.image", "spark:test")
                                     .set("spark.kubernetes.executor.podNamePrefix", "render")
                                     .set("spark.driver.host", "127.0.0.1")
                                     .set("spark.driver.port", "7078");

  @BeforeEach
  void forgetTheProfileOfOtherTests() throws Exception {
    Class<?> type = Class.forName("org.apache.spark.resource.ResourceProfile$");
    type.getMethod("clearDefaultProfile").invoke(type.getField("MODULE$").get(null));
  }

  private PodRenderer renderer() {
    return new PodRenderer(conf,
        new SecurityManager(conf, SecurityManager.$lessinit$greater$default$2(),
            SecurityManager.$lessinit$greater$default$3()),
        new KubernetesExecutorBuilder(), null, Option.empty(), "app");
  }

  private ResourceProfile profile() {
    return ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf);
  }

  private static String text(byte[] json) {
    return new String(json, StandardCharsets.UTF_8);
  }

  private String render(PodRenderer renderer, long id) {
    return text(renderer.render(profile(), id).pod);
  }

  @Test
  void S1_without_SPARK_LOCAL_DIRS_one_directory_serves_the_application() {
    PodRenderer renderer = renderer();
    assertEquals(render(renderer, 1), render(renderer, 1));
    assertTrue(render(renderer, 1).contains("/var/data/spark-"));
    assertFalse(render(renderer, 1).equals(render(renderer(), 1)), "another application has another one");
  }

  @Test
  void S1_several_local_directories_come_in_one_order() {
    conf.set("spark.local.dir", "/e,/a,/d,/b,/c,/f,/h,/g");
    PodRenderer renderer = renderer();
    String first = render(renderer, 1);
    for (int i = 0; i < 20; i++) {
      assertEquals(first, render(renderer, 1));
    }
    assertTrue(first.contains("/a,/b,/c,/d,/e,/f,/g,/h"));
  }

  @Test
  void S1_local_directories_on_claims_come_in_one_order_and_stay_on_their_claims() {
    for (int i = 1; i <= 6; i++) {
      String volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-" + i + ".";
      conf.set(volume + "mount.path", "/data" + (7 - i)).set(volume + "options.claimName", "claim-" + i);
    }
    PodRenderer renderer = renderer();
    String first = render(renderer, 1);
    for (int i = 0; i < 20; i++) {
      assertEquals(first, render(renderer, 1));
    }
    assertTrue(first.contains("/data1,/data2,/data3"));
    assertTrue(
        first.replaceAll("\\s", "").contains("{\"mountPath\":\"/data6\",\"name\":\"spark-local-dir-1\""),
        first);
  }

  @Test
  void S1_a_users_own_local_dir_goes_before_the_default() {
    conf.set("spark.local.dir", "/scratch");
    assertTrue(render(renderer(), 1).contains("/scratch"));
    assertFalse(render(renderer(), 1).contains("/var/data/spark-"));
  }

  @Test
  void S2_pods_of_two_ids_differ_by_the_id_alone() {
    PodRenderer renderer = renderer();
    assertEquals(
        render(renderer, 11111).replace("11111", "ID"), render(renderer, 22222).replace("22222", "ID"));
  }

  @Test
  void S6_claims_on_demand_come_as_extra_resources() {
    String volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.";
    conf.set(volume + "mount.path", "/data")
        .set(volume + "options.claimName", "OnDemand")
        .set(volume + "options.storageClass", "fast")
        .set(volume + "options.sizeLimit", "1Gi");
    RenderedPod pod = renderer().render(profile(), 3);
    assertEquals(1, pod.extras.length);
    assertTrue(text(pod.extras[0]).contains("PersistentVolumeClaim"));
    assertTrue(text(pod.extras[0]).contains("exec-3-pvc-0"));
  }

  @Test
  void S6_a_claim_names_its_pod_as_owner_when_the_driver_is_not_to_own_it() {
    String volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.";
    conf.set(volume + "mount.path", "/data")
        .set(volume + "options.claimName", "OnDemand")
        .set(volume + "options.storageClass", "fast")
        .set(volume + "options.sizeLimit", "1Gi");
    assertFalse(text(renderer().render(profile(), 3).extras[0]).contains("ownerReferences"));
    conf.set(PodRenderer.OWN_CLAIMS, "false");
    String claim = text(renderer().render(profile(), 3).extras[0]);
    assertTrue(claim.contains("ownerReferences") && claim.contains("render-exec-3"), claim);
  }

  @Test
  void S3_what_spark_refuses_is_refused_here() {
    conf.remove("spark.kubernetes.container.image");
    assertThrows(Exception.class, () -> renderer().render(profile(), 1));
  }

  @Test
  void deletes_allow_for_what_the_pod_asks_for() {
    assertEquals(30, renderer().terminationGraceS(profile()));
  }
}

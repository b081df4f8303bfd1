package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.util.List;
import java.util.Map;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfile$;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import scala.Option;

/**
 * What really arrives at a server, through shim, channel and agent, is what stock Spark would have posted:
 * everything that Spark's builder writes is there with its value; the server and the agent only add. The
 * corpus (Fidelity) is judged without a server.
 */
@Timeout(300)
class PodsOnServerTest {
  private static final int EXECUTORS = 12; // ids of one and of two digits

  private static SparkConf conf(Rig rig) {
    return Driver.conf(rig, EXECUTORS)
        .set("spark.local.dir", "/scratch") // else Spark's own is random
        .set("spark.executor.cores", "2")
        .set("spark.executorEnv.WHO", "executor 1 or 10")
        .set("spark.executor.extraJavaOptions", "-Did={{EXECUTOR_ID}} -Dapp={{APP_ID}}")
        .set("spark.kubernetes.executor.annotation.who", "{{EXECUTOR_ID}} of {{APP_ID}}")
        .set("spark.kubernetes.executor.volumes.emptyDir.work.mount.path", "/shared")
        .set("spark.kubernetes.executor.podNamePrefix", "pods-1-12");
  }

  private static void check(Rig rig, SparkConf settings) throws Exception {
    try (KubernetesClient offline = new KubernetesClientBuilder()
             .withConfig(new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                     .withMasterUrl("http://127.0.0.1:1")
                     .build())
             .build();
        Driver driver = new Driver(settings)) {
      Rig.await(EXECUTORS + " running executors", 120, () -> driver.count("Running") == EXECUTORS);
      SparkConf conf = driver.context.getConf();
      ResourceProfile profile = ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf);
      StockPods stock = new StockPods(conf,
          new SecurityManager(conf, SecurityManager.$lessinit$greater$default$2(),
              SecurityManager.$lessinit$greater$default$3()),
          offline, Option.empty(), conf.get("spark.app.id"));
      int seen = 0;
      for (JsonNode pod : rig.pods()) {
        long id = pod.get("metadata").get("labels").get("spark-exec-id").asLong();
        Map<String, Object> expected = Canonical.read(stock.render(profile, id).pod());
        expected.keySet().removeAll(List.of("apiVersion", "kind")); // a list has them once
        assertEquals(null, missing(expected, Canonical.read(pod.toString()), "$"), "executor " + id);
        seen++;
      }
      assertEquals(EXECUTORS, seen);
    }
    Rig.await("empty namespace after stop()", 120, () -> rig.podCount() == 0);
  }

  /** The first thing of `expected` that `actual` has not. */
  private static String missing(Object expected, Object actual, String path) {
    if (expected instanceof Map && actual instanceof Map) {
      for (Map.Entry<?, ?> each : ((Map<?, ?>) expected).entrySet()) {
        String found = missing(each.getValue(), ((Map<?, ?>) actual).get(each.getKey()), path + "." + each.getKey());
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    if (expected instanceof List && actual instanceof List
        && ((List<?>) expected).size() <= ((List<?>) actual).size()) {
      for (int i = 0; i < ((List<?>) expected).size(); i++) {
        String found = missing(((List<?>) expected).get(i), ((List<?>) actual).get(i), path + "[" + i + "]");
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    return Canonical.text(expected).equals(Canonical.text(actual))
        ? null
        : path + ": " + Canonical.text(expected) + " is " + Canonical.text(actual);
  }

  @Test
  void S1_S2_pods_that_the_agent_stamps_arrive_as_spark_renders_them() throws Exception {
    try (Rig rig = new Rig("stamped"); Heard heard = new Heard(TemplateBook.class)) {
      check(rig, conf(rig));
      assertEquals(List.of(), heard.lines());
    }
  }

  @Test
  void S2_S3_and_so_do_pods_that_the_driver_renders() throws Exception {
    try (Rig rig = new Rig("rendered"); Heard heard = new Heard(TemplateBook.class)) {
      check(rig,
          conf(rig)
              .set("spark.kubernetes.executor.pod.featureSteps", ZoneStep.class.getName())
              .set(Settings.RENDERING, "stamp"));
      assertTrue(heard.with("(at $.metadata.annotations").size() == 1, heard.lines()::toString);
    }
  }
}

package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private final SparkConf conf = new SparkConf(false);

  private Settings settings() {
    return new Settings(conf, name -> null);
  }

  @Test
  void the_run_directory_is_the_key_then_the_variable_then_the_default() {
    assertEquals("/run/outrigger", settings().runDirectory);
    assertEquals(
        "/v", new Settings(conf, name -> "OUTRIGGER_RUN_DIR".equals(name) ? "/v" : null).runDirectory);
    conf.set(Settings.RUN_DIRECTORY, "/k");
    assertEquals("/k", new Settings(conf, name -> "/v").runDirectory);
  }

  @Test
  void S2_a_users_own_feature_step_makes_stamping_opt_in() {
    assertFalse(settings().renderInDriver);
    conf.set("spark.kubernetes.executor.pod.featureSteps", "com.example.Step");
    assertTrue(settings().renderInDriver);
    conf.set(Settings.RENDERING, "stamp");
    assertFalse(settings().renderInDriver);
    conf.set(Settings.RENDERING, "sometimes");
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, this::settings);
    assertEquals(
        "spark.outrigger.rendering: 'sometimes' is none of auto, stamp, driver", refused.getMessage());
  }

  @Test
  void S11_the_policy_carries_sparks_settings_by_value() {
    int most = Integer.MAX_VALUE;
    assertArrayEquals(new long[] {most, most, 0, most, 600_000, 60_000, 0, 30_000, 30, 1},
        new AllocationPolicy(conf, settings(), 30).toNative());
    conf.set("spark.kubernetes.allocation.maxPendingPods", "7")
        .set("spark.kubernetes.allocation.maxPendingPodsPerRp", "3")
        .set("spark.kubernetes.allocation.batch.size", "9")
        .set("spark.kubernetes.allocation.batch.delay", "2s")
        .set("spark.kubernetes.allocation.maximum", "100")
        .set("spark.kubernetes.allocation.executor.timeout", "5m")
        .set("spark.dynamicAllocation.executorIdleTimeout", "15")
        .set("spark.kubernetes.executor.deleteOnTermination", "false")
        .set(Settings.DRIVER_GRACE, "1m");
    assertArrayEquals(new long[] {7, 3, 9, 100, 300_000, 15_000, 2_000, 60_000, 45, 0},
        new AllocationPolicy(conf, settings(), 45).toNative());
  }

  @Test
  void S15_what_spark_ties_to_its_own_allocator_is_refused_aloud() {
    assertEquals(List.of(), heard(conf.set("spark.plugins", "com.example.Mine")));
    for (String plugin : new String[] {"ExecutorResizePlugin", "ExecutorPVCResizePlugin"}) {
      List<String> heard =
          heard(conf.set("spark.plugins", "a.B,org.apache.spark.scheduler.cluster.k8s." + plugin));
      assertEquals(1, heard.size(), heard::toString);
      assertTrue(heard.get(0).contains(plugin) && heard.get(0).contains("go back to stock"), heard::toString);
    }
  }

  @Test
  void S14_reuse_of_claims_is_refused_aloud_and_only_where_there_are_claims_on_demand() {
    String volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.";
    assertEquals(List.of(), heard(conf), "the default of a setting that touches nothing");
    conf.set(volume + "mount.path", "/data").set(volume + "options.claimName", "shared");
    assertEquals(List.of(), heard(conf));
    conf.set(volume + "options.claimName", "OnDemand");
    assertEquals(1, heard(conf).size());
    assertTrue(heard(conf).get(0).contains(Unsupported.REUSE_CLAIMS));
    conf.set(Unsupported.REUSE_CLAIMS, "false");
    assertEquals(List.of(), heard(conf));
    conf.set(Unsupported.WAIT_FOR_CLAIMS, "true");
    assertTrue(heard(conf).get(0).contains(Unsupported.WAIT_FOR_CLAIMS));
  }

  private static List<String> heard(SparkConf conf) {
    try (Heard heard = new Heard(Unsupported.class)) {
      Unsupported.warn(conf);
      return heard.lines();
    }
  }

  @Test
  void S15_recovery_mode_is_set_once_from_4_2_on_and_a_users_own_word_stays() {
    new SparkBackend(null, null, conf, new SparkVersion("4.1.1")).outOfMemory(1);
    assertFalse(conf.contains(SparkBackend.RECOVERY_MODE));
    new SparkBackend(null, null, conf, new SparkVersion("4.2.1")).outOfMemory(1);
    assertEquals("true", conf.get(SparkBackend.RECOVERY_MODE));
    conf.set(SparkBackend.RECOVERY_MODE, "false");
    new SparkBackend(null, null, conf, new SparkVersion("4.3.0")).outOfMemory(2);
    assertEquals("false", conf.get(SparkBackend.RECOVERY_MODE));
  }
}

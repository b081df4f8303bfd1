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
    assertArrayEquals(new long[] {most, most, 0, most, 600_000, 60_000, 0, 30_000, 30, 1, 1, 2},
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
    assertArrayEquals(new long[] {7, 3, 9, 100, 300_000, 15_000, 2_000, 60_000, 45, 0, 1, 2},
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

  private long[] claims(String... settings) {
    SparkConf one = new SparkConf(false);
    for (int i = 0; i < settings.length; i += 2) {
      one.set(settings[i], settings[i + 1]);
    }
    long[] policy = new AllocationPolicy(one, settings(), 30).toNative();
    return new long[] {policy[10], policy[11]};
  }

  @Test
  void S14_claims_are_reused_unless_the_user_says_no_or_the_driver_does_not_own_them() {
    assertArrayEquals(new long[] {1, 2}, claims(), "Spark's defaults");
    assertEquals(0, claims(AllocationPolicy.REUSE_CLAIMS, "false")[0]);
    assertEquals(0, claims(PodRenderer.OWN_CLAIMS, "false")[0]);
    assertEquals(0,
        claims(AllocationPolicy.REUSE_CLAIMS, "false", AllocationPolicy.WAIT_FOR_CLAIMS, "true")[0],
        "waiting needs reuse");
  }

  @Test
  void S14_executors_wait_for_as_many_claims_as_there_may_be_executors() {
    String wait = AllocationPolicy.WAIT_FOR_CLAIMS;
    assertArrayEquals(new long[] {2, 7}, claims(wait, "true", "spark.executor.instances", "7"));
    String dynamic = "spark.dynamicAllocation.enabled";
    String most = "spark.dynamicAllocation.maxExecutors";
    assertArrayEquals(new long[] {2, 20},
        claims(wait, "true", "spark.executor.instances", "7", dynamic, "true", most, "20"));
    assertArrayEquals(new long[] {2, 0xFFFF}, claims(wait, "true", dynamic, "true"), "no maximum");
    assertArrayEquals(new long[] {2, 0xFFFF}, claims(wait, "true", "spark.executor.instances", "65535"));
    assertArrayEquals(new long[] {2, 1}, claims(wait, "true", "spark.executor.instances", "0"));
  }

  @Test
  void S14_a_claim_is_young_for_five_rounds_at_least_as_in_spark() {
    conf.set("spark.kubernetes.allocation.executor.timeout", "2s");
    assertEquals(5_000, new AllocationPolicy(conf, settings(), 30).toNative()[4]);
    conf.set("spark.kubernetes.allocation.batch.delay", "3s");
    assertEquals(15_000, new AllocationPolicy(conf, settings(), 30).toNative()[4]);
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

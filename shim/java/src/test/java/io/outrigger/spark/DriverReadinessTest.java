package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class DriverReadinessTest {
  private final SparkConf conf = new SparkConf(false);
  private long waitedMs;
  private int asked;

  private static Pod pod(String ready) {
    return new PodBuilder()
        .withNewStatus()
        .addNewCondition()
        .withType("PodScheduled")
        .withStatus("True")
        .endCondition()
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready)
        .endCondition()
        .endStatus()
        .build();
  }

  private boolean await(Supplier<Pod> driver) {
    return DriverReadiness.await(conf, driver, ms -> waitedMs += ms);
  }

  @Test
  void S12_the_first_create_waits_until_the_drivers_pod_is_ready() {
    assertTrue(await(() -> ++asked < 4 ? asked == 1 ? new Pod() : pod("False") : pod("True")));
    assertEquals(4, asked);
    assertEquals(300, waitedMs);
  }

  @Test
  void S12_and_at_most_for_readinessTimeout_after_which_one_line_is_said() {
    try (Heard heard = new Heard(DriverReadiness.class)) {
      assertFalse(await(() -> pod("False")));
      assertEquals(1_000, waitedMs);
      conf.set(DriverReadiness.TIMEOUT, "3s");
      assertFalse(await(() -> null));
      assertEquals(4_000, waitedMs);
      assertEquals(2, heard.with(DriverReadiness.TIMEOUT).size());
    }
  }

  @Test
  void S12_nobody_waits_where_spark_publishes_the_name_before() {
    conf.set(DriverReadiness.PUBLISHED_BEFORE, "true");
    assertTrue(await(() -> pod("False")));
    assertEquals(0, waitedMs);
  }

  @Test
  void S12_a_driver_that_cannot_be_read_is_no_end() {
    try (Heard heard = new Heard(DriverReadiness.class)) {
      assertFalse(await(() -> { throw new IllegalStateException("403"); }));
      assertEquals(1, heard.with("403").size());
    }
  }
}

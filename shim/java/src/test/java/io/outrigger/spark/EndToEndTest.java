package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real SparkContext, a real agent, a server with a simulated kubelet. Needs -Doutrigger.build=BUILD_TREE. */
@Timeout(180)
class EndToEndTest {
  private static final int EXECUTORS = 20;

  @Test
  void spark_gets_its_executors_through_the_agent_and_sees_them_running() throws Exception {
    try (Rig rig = new Rig("up")) {
      try (Driver driver = new Driver(Driver.conf(rig, EXECUTORS))) {
        Rig.await("20 running executors in Spark's snapshots", 60, () -> driver.count("Running") == EXECUTORS);
        assertEquals(EXECUTORS, rig.record().get("posts").get("count").asInt());
      }
      Rig.await("empty namespace after stop()", 30, () -> rig.podCount() == 0);
    }
  }
}

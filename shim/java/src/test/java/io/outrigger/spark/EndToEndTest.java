package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfile$;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A real SparkContext, a real agent, a server with a simulated kubelet. Needs -Doutrigger.build=BUILD_TREE.
 */
@Timeout(300)
class EndToEndTest {
  private static final int EXECUTORS = 20;
  private static final int BOUND_S = 120;

  private static void awaitRunning(Driver driver, int executors) throws InterruptedException {
    Rig.await(executors + " running executors in Spark's snapshots", BOUND_S,
        () -> driver.count("Running") == executors);
  }

  private static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).collect(Collectors.toSet());
  }

  @Test
  void S8_S19_S23_spark_gets_its_executors_and_exit_classes_through_the_agent_and_leaves_none()
      throws Exception {
    try (Rig rig = new Rig("up")) {
      SparkConf conf = Driver.conf(rig, EXECUTORS);
      try (Driver driver = new Driver(conf)) {
        awaitRunning(driver, EXECUTORS);
        JsonNode record = rig.record();
        assertEquals(
            EXECUTORS, record.get("posts").get("count").asInt(), "exactly as many creates as executors");

        // S23: users need not set these; and nobody but the agent watches or lists
        assertEquals("false", driver.context.getConf().get("spark.kubernetes.executor.enableApiPolling"));
        assertEquals("false", driver.context.getConf().get("spark.kubernetes.executor.enableApiWatcher"));
        assertEquals(1, record.get("watchers_open").asInt());
        assertTrue(threads().contains("outrigger-shim"));

        // S19: an eviction is a deleted executor, an exit of its own a failed one; both are replaced
        String prefix = podName(rig, 1).replaceAll("1$", "");
        rig.die(prefix + 1, "evicted_api");
        rig.die(prefix + 2, "app_error");
        rig.die(prefix + 3, "oom_container");
        Rig.await("the end of executor 1", BOUND_S, () -> "Deleted".equals(driver.seen.get(1L)));
        Rig.await("the end of executor 2", BOUND_S, () -> "Failed".equals(driver.seen.get(2L)));
        Rig.await("the end of executor 3", BOUND_S, () -> "Failed".equals(driver.seen.get(3L)));
        awaitRunning(driver, EXECUTORS);
        assertTrue(driver.seen.keySet().containsAll(Set.of(21L, 22L, 23L)),
            "ids are never reused (S8): " + driver.sorted());
      }
      Rig.await("empty namespace after stop()", BOUND_S, () -> rig.podCount() == 0);
      assertFalse(threads().contains("outrigger-shim"));
    }
  }

  private static String podName(Rig rig, long executor) {
    for (JsonNode pod : rig.pods()) {
      if (pod.get("metadata").get("labels").get("spark-exec-id").asLong() == executor) {
        return pod.get("metadata").get("name").asText();
      }
    }
    throw new AssertionError("no pod of executor " + executor);
  }

  @Test
  void S17_S26_the_agent_is_killed_and_no_executor_is_lost_and_a_new_agent_is_taken() throws Exception {
    try (Rig rig = new Rig("kill")) {
      SparkConf conf = Driver.conf(rig, EXECUTORS).set("spark.kubernetes.executor.apiPollingInterval", "1s");
      try (Driver driver = new Driver(conf)) {
        awaitRunning(driver, EXECUTORS);
        Map<Long, String> before = driver.sorted();
        rig.killAgent();
        driver.context.requestTotalExecutors(
            EXECUTORS + 5, 0, scala.collection.immutable.Map$.MODULE$.<String, Object>empty());
        rig.startAgent();
        awaitRunning(driver, EXECUTORS + 5);
        assertTrue(driver.sorted().entrySet().containsAll(before.entrySet()),
            "before " + before + " after " + driver.sorted());
        assertEquals(
            EXECUTORS + 5, rig.record().get("posts").get("count").asInt(), "no create twice, no surplus");
      }
      Rig.await("empty namespace after stop()", BOUND_S, () -> rig.podCount() == 0);
    }
  }

  @Test
  void S17_the_agent_dies_with_1000_registered_executors_and_none_is_removed_and_a_missing_one_is()
      throws Exception {
    int many = 1000;
    long ghost = 999_999;
    try (Rig rig = new Rig("thousand")) {
      SparkConf conf = Driver.conf(rig, many)
                           .set("spark.kubernetes.executor.apiPollingInterval", "1s")
                           .set("spark.kubernetes.executor.missingPodDetectDelta", "2s");
      try (Driver driver = new Driver(conf)) {
        awaitRunning(driver, many);
        assertEquals(many, rig.record().get("posts").get("count").asInt());
        for (long id = 1; id <= many; id++) {
          assertTrue(driver.register(id), "executor " + id);
        }
        rig.killAgent();
        long before = driver.fullSnapshotMs;
        assertTrue(driver.register(ghost), "an executor without a pod");
        long since = System.currentTimeMillis();
        // Longer than Spark allows a pod to be missing: it would remove all if it were told anything now.
        Rig.await("end of missingPodDetectDelta", BOUND_S, () -> System.currentTimeMillis() - since > 4_000);
        assertTrue(driver.fullSnapshotMs - before < 2_000, "full snapshots without an agent");
        assertEquals(many + 1, driver.registered().size());
        rig.startAgent();
        Rig.await("end of the executor that has no pod", BOUND_S, () -> !driver.registered().contains(ghost));
        assertEquals(many, driver.registered().size());
        assertEquals(many, driver.count("Running"));
        assertEquals(many, rig.record().get("posts").get("count").asInt());
      }
      Rig.await("empty namespace after stop()", BOUND_S, () -> rig.podCount() == 0);
    }
  }

  @Test
  void S3_S27_profiles_that_the_driver_renders_and_contexts_one_after_another() throws Exception {
    try (Rig rig = new Rig("profiles")) {
      for (String rendering : new String[] {"driver", "stamp"}) {
        SparkConf conf = Driver.conf(rig, 2)
                             .set("spark.app.id", "spark-two-contexts") // an agent serves one application
                             .set(Settings.RENDERING, rendering)
                             .set(Settings.AUDIT_ONE_IN, "2")
                             .set("spark.dynamicAllocation.enabled", "true")
                             .set("spark.dynamicAllocation.shuffleTracking.enabled", "true")
                             .set("spark.dynamicAllocation.minExecutors", "2");
        try (Driver driver = new Driver(conf)) {
          awaitRunning(driver, 2);
          ResourceProfile large = new ResourceProfileBuilder()
                                      .require(new ExecutorResourceRequests().cores(2).memory("2g"))
                                      .build();
          scala.collection.immutable.Map<ResourceProfile, Object> wanted =
              scala.collection.immutable.Map$.MODULE$.empty();
          ResourceProfile standard = ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf);
          driver.allocator().setTotalExpectedExecutors(with(with(wanted, standard, 2), large, 11));
          awaitRunning(driver, 13);
          Map<String, Long> byProfile = new TreeMap<>();
          for (JsonNode pod : rig.pods()) {
            byProfile.merge(pod.get("metadata").get("labels").get("spark-exec-resourceprofile-id").asText(),
                1L, Long::sum);
          }
          assertEquals(Map.of("0", 2L, Integer.toString(large.id()), 11L), byProfile);
        }
        Rig.await(
            "empty namespace after stop() with rendering=" + rendering, BOUND_S, () -> rig.podCount() == 0);
      }
    }
  }

  @Test
  void S3_pods_that_do_not_derive_from_the_id_are_rendered_in_the_driver_by_themselves() throws Exception {
    try (Rig rig = new Rig("random")) {
      SparkConf conf = Driver.conf(rig, 12)
                           .set("spark.kubernetes.executor.pod.featureSteps", RandomStep.class.getName())
                           .set(Settings.RENDERING, "stamp");
      try (Heard heard = new Heard(TemplateBook.class); Driver driver = new Driver(conf)) {
        awaitRunning(driver, 12);
        List<String> warnings = heard.with("rendered in the driver");
        assertEquals(1, warnings.size(), heard.lines()::toString);
        assertTrue(warnings.get(0).contains("(at $.metadata.annotations[\"" + RandomStep.ANNOTATION + "\"])"),
            warnings.get(0));
        Set<String> values = new TreeSet<>();
        rig.pods().forEach(
            pod -> values.add(pod.get("metadata").get("annotations").get(RandomStep.ANNOTATION).asText()));
        assertEquals(12, values.size(), "each pod was rendered for itself");
        assertEquals(12, rig.record().get("posts").get("count").asInt());
      }
    }
  }

  @Test
  void S25_a_target_is_set_under_the_backends_monitor_while_the_shim_waits_for_it() throws Exception {
    try (Rig rig = new Rig("monitor")) {
      SparkConf conf = Driver.conf(rig, 2);
      try (Driver driver = new Driver(conf)) {
        awaitRunning(driver, 2);
        ResourceProfile standard = ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf);
        ResourceProfile large = new ResourceProfileBuilder()
                                    .require(new ExecutorResourceRequests().cores(2).memory("2g"))
                                    .build();
        synchronized (driver.backend()) {
          Rig.await(
              "shim thread that waits for the monitor", BOUND_S, () -> stateOfShim() == Thread.State.BLOCKED);
          driver.allocator().setTotalExpectedExecutors(
              with(with(scala.collection.immutable.Map$.MODULE$.empty(), standard, 3), large, 1));
          assertEquals(Thread.State.BLOCKED, stateOfShim(), "it was not needed");
        }
        awaitRunning(driver, 4);
      }
    }
  }

  private static Thread.State stateOfShim() {
    return Thread.getAllStackTraces()
        .keySet()
        .stream()
        .filter(thread -> thread.getName().equals("outrigger-shim"))
        .map(Thread::getState)
        .findAny()
        .orElse(Thread.State.TERMINATED);
  }

  @Test
  void S9_pending_executors_above_the_target_go_and_registered_ones_would_not() throws Exception {
    try (Rig rig = new Rig("surplus")) {
      SparkConf conf = Driver.conf(rig, 10)
                           .set("spark.kubernetes.executor.annotation.sim.outrigger/never-schedule", "true")
                           .set("spark.dynamicAllocation.executorIdleTimeout", "1s");
      try (Driver driver = new Driver(conf)) {
        Rig.await("10 pending executors", BOUND_S, () -> driver.count("Pending") == 10);
        ResourceProfile standard = ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf);
        driver.allocator().setTotalExpectedExecutors(
            with(scala.collection.immutable.Map$.MODULE$.empty(), standard, 3));
        Rig.await("3 pods left", BOUND_S, () -> rig.podCount() == 3);
        Rig.await("7 executors that Spark knows as deleted", BOUND_S, () -> driver.count("Deleted") == 7);
        assertEquals(3, driver.count("Pending"));
        OutriggerPodsAllocator allocator = driver.allocator();
        Rig.await("empty set of deleted ids: their pods are gone", BOUND_S,
            () -> LongStream.rangeClosed(1, 10).noneMatch(id -> allocator.isDeleted(Long.toString(id))));
        assertEquals(10, rig.record().get("posts").get("count").asInt());
      }
    }
  }

  @Test
  void S27_with_deleteOnTermination_false_the_shim_ends_with_the_application_and_the_executors_stay()
      throws Exception {
    try (Rig rig = new Rig("keep")) {
      SparkConf conf = Driver.conf(rig, 3)
                           .set("spark.kubernetes.executor.deleteOnTermination", "false")
                           .set(Settings.DRIVER_GRACE, "1s");
      try (Driver driver = new Driver(conf)) {
        awaitRunning(driver, 3);
      }
      Rig.await("end of the shim's thread", BOUND_S, () -> !threads().contains("outrigger-shim"));
      assertEquals(3, rig.podCount());
      assertEquals(0, rig.record().get("deletes").size());
    }
  }

  @SuppressWarnings({"unchecked", "cast"}) // redundant on one Scala line, needed on the other
  static scala.collection.immutable.Map<ResourceProfile, Object> with(
      scala.collection.immutable.Map<ResourceProfile, Object> map, ResourceProfile profile, int executors) {
    return (scala.collection.immutable.Map<ResourceProfile, Object>) map.$plus(
        new scala.Tuple2<ResourceProfile, Object>(profile, executors));
  }
}

package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Spark's own allocator and the agent's decide() on the same traces (S16). After each step: how many
 * executors are alive in each profile, how many were made and how many deleted. Where the two differ the step
 * says why; a reason without a difference fails, too. Needs -Doutrigger.build=BUILD_TREE with
 * bin/outrigger-decider.
 */
@Timeout(120)
class DifferentialTest {
  private static final String ROUNDS =
      "Spark makes batch.size executors per round, the agent all that are missing at once (S11)";
  private static final String UNSEEN = "Spark makes none for a profile while one of its new pods was not "
      + "seen; the agent counts that one and makes the others (S7)";
  private static final String LEFTOVER = "Spark leaves a profile's share of maxPendingPods unused when it "
      + "needs less; the agent gives it to the others";
  private static final String UNSEEN_SURPLUS =
      "Spark deletes surplus that it has not seen; the agent first waits until it is seen and Pending (S9)";

  private final Trace trace = new Trace();
  private final Map<String, String> settings = new LinkedHashMap<>(
      Map.of("spark.kubernetes.allocation.batch.size", "5", "spark.kubernetes.allocation.batch.delay", "1s"));

  private void compare() throws Exception {
    String build = System.getProperty("outrigger.build", "");
    try (StockAllocator stock = new StockAllocator(settings);
        AgentDecider agent = new AgentDecider(build + "/bin/outrigger-decider", settings)) {
      assertEquals(List.of(), trace.run(stock, agent));
    }
  }

  private DifferentialTest with(String key, String value) {
    settings.put(key, value);
    return this;
  }

  private void unlimitedBatch() {
    settings.keySet().removeIf(key -> key.contains("allocation.batch"));
  }

  @Test
  void S16_with_the_batch_settings_of_the_user_both_go_up_alike() throws Exception {
    trace.step("twelve").target(0, 12);
    trace.step("second round");
    trace.step("third round");
    trace.step("full");
    trace.step("they run").show(0, 1, 12, "running");
    trace.step("quiet").register(0, 1, 12);
    compare();
  }

  @Test
  void S16_without_them_spark_goes_in_rounds_and_the_agent_does_not() throws Exception {
    unlimitedBatch();
    SparkVersion version = SparkVersion.running();
    int batch = version.atLeast(4, 2) ? 20 : version.atLeast(4, 0) ? 10 : 5; // Spark's default
    trace.step("first round").target(0, 45).differs(ROUNDS);
    for (int made = 2 * batch; made < 45; made += batch) {
      trace.step("up to " + made).differs(ROUNDS);
    }
    trace.step("full");
    trace.step("full, too");
    compare();
  }

  /** Of an executor that runs already: Spark takes for used only what it hears of in the same round. */
  private static final String NEWS = "running";

  private void claims() {
    String volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.";
    with(volume + "mount.path", "/data");
    with(volume + "options.claimName", "OnDemand");
    with(volume + "options.storageClass", "fast");
    with(volume + "options.sizeLimit", "1Gi");
    with("spark.kubernetes.allocation.executor.timeout", "10s"); // claims that are older may serve again
  }

  @Test
  void S14_S16_claims_of_executors_that_are_gone_serve_new_ones_alike() throws Exception {
    claims();
    trace.step("three").target(0, 3);
    trace.step("they run").show(0, 1, 3, "running").register(0, 1, 3);
    trace.step("they grow old").lasts(20_000);
    trace.step("one leaves, and is not replaced").target(0, 2).show(0, 2, 2, "gone");
    trace.step("quiet");
    trace.step("two more: the claim that is free, and a new one").target(0, 4).show(0, 1, 1, NEWS);
    trace.step("they run").show(0, 4, 5, "running").register(0, 4, 5);
    trace.step("the newest leaves").target(0, 3).show(0, 5, 5, "gone");
    trace.step("quiet");
    trace.step("its claim is too young").target(0, 4).show(0, 1, 1, NEWS);
    trace.step("that one runs").show(0, 6, 6, "running").register(0, 6, 6);
    trace.step("they grow old").lasts(20_000);
    trace.step("now it serves").target(0, 5).show(0, 1, 1, NEWS);
    compare();
  }

  @Test
  void S14_S16_executors_wait_for_claims_alike() throws Exception {
    claims();
    with(AllocationPolicy.WAIT_FOR_CLAIMS, "true");
    with("spark.executor.instances", "3");
    trace.step("three of four").target(0, 4);
    trace.step("they run").show(0, 1, 3, "running").register(0, 1, 3);
    trace.step("the fourth waits").lasts(20_000);
    trace.step("one leaves").target(0, 2).show(0, 1, 1, "gone");
    trace.step("its claim serves").target(0, 3).show(0, 2, 2, NEWS);
    trace.step("full");
    compare();
  }

  @Test
  void S14_S16_in_a_round_without_news_spark_gives_away_a_claim_that_is_mounted() throws Exception {
    claims();
    trace.step("two").target(0, 2);
    trace.step("they run").show(0, 1, 2, "running").register(0, 1, 2);
    trace.step("they grow old").lasts(20_000);
    trace.step("one more").target(0, 3).differs("in Spark no claim is used in a round without a snapshot");
    compare();
  }

  @Test
  void S14_S16_a_claim_that_becomes_free_in_this_round_is_one_for_the_agent_only() throws Exception {
    claims();
    trace.step("two").target(0, 2);
    trace.step("they run").show(0, 1, 2, "running").register(0, 1, 2);
    trace.step("they grow old").lasts(20_000);
    trace.step("one vanishes")
        .show(0, 1, 1, "gone")
        .differs("in Spark a pod uses its claim in the round that hears of its end (false positives are fine "
                 + "there)");
    compare();
  }

  @Test
  void S16_what_fails_ends_or_vanishes_is_replaced() throws Exception {
    trace.step("five").target(0, 5);
    trace.step("they run").show(0, 1, 5, "running").register(0, 1, 5);
    trace.step("one fails").show(0, 2, 2, "failed");
    trace.step("one succeeds").show(0, 3, 3, "succeeded");
    trace.step("one is gone").show(0, 4, 4, "gone");
    trace.step("three at once").show(0, 1, 1, "failed").show(0, 5, 6, "gone");
    trace.step("quiet");
    trace.step("quiet, too");
    compare();
  }

  @Test
  void S16_surplus_goes_only_when_it_is_pending_unknown_and_older_than_the_idle_timeout() throws Exception {
    with("spark.dynamicAllocation.executorIdleTimeout", "60s");
    trace.step("five").target(0, 5);
    trace.step("two run").show(0, 1, 2, "running").register(0, 1, 2);
    trace.step("none wanted").target(0, 0);
    trace.step("still young").lasts(30_000);
    trace.step("old").lasts(60_000);
    trace.step("the rest stays");
    compare();
  }

  @Test
  void S16_up_down_and_up_within_the_idle_timeout_keeps_the_pending_ones() throws Exception {
    trace.step("five").target(0, 5);
    trace.step("down").target(0, 1).lasts(5_000);
    trace.step("up").target(0, 5).lasts(10_000);
    trace.step("quiet").lasts(120_000);
    compare();
  }

  @Test
  void S16_a_pending_executor_that_the_scheduler_knows_is_never_surplus() throws Exception {
    trace.step("four").target(0, 4);
    trace.step("seen, two of them register before they are shown as running").register(0, 1, 2);
    trace.step("one wanted").target(0, 1);
    trace.step("old").lasts(90_000);
    trace.step("quiet");
    compare();
  }

  @Test
  void S16_maxPendingPods_bounds_what_is_not_running() throws Exception {
    with("spark.kubernetes.allocation.maxPendingPods", "3");
    trace.step("eight").target(0, 8);
    trace.step("full");
    trace.step("one runs").show(0, 1, 1, "running");
    trace.step("known pending ones count, too").register(0, 2, 3);
    trace.step("two run").show(0, 2, 3, "running");
    trace.step("quiet");
    compare();
  }

  @Test
  void S16_maxPendingPods_is_shared_out_evenly_between_profiles() throws Exception {
    with("spark.kubernetes.allocation.maxPendingPods", "5");
    trace.step("both want ten").target(0, 10).target(1, 10);
    trace.step("full");
    trace.step("two of the first run").show(0, 1, 2, "running");
    trace.step("full again");
    compare();
  }

  @Test
  void S16_what_a_profile_leaves_of_maxPendingPods_is_used() throws Exception {
    with("spark.kubernetes.allocation.maxPendingPods", "6");
    trace.step("one and ten").target(0, 1).target(1, 10).differs(LEFTOVER);
    trace.step("the rest by now");
    compare();
  }

  @Test
  void S16_a_profile_that_is_not_named_keeps_its_target() throws Exception {
    trace.step("two profiles").target(0, 2).target(1, 3);
    trace.step("only the second is named").target(1, 4);
    trace.step("quiet");
    trace.step("one of the first fails").show(0, 1, 1, "failed");
    compare();
  }

  @Test
  void S16_the_pods_of_one_profile_do_not_stand_for_another() throws Exception {
    trace.step("three of the first").target(0, 3).target(1, 0);
    trace.step("they run").show(0, 1, 3, "running").register(0, 1, 3);
    trace.step("three of the second instead").target(0, 0).target(1, 3);
    trace.step("quiet").lasts(120_000);
    compare();
  }

  @Test
  void S16_a_pod_that_nobody_sees_is_waited_for_and_then_replaced() throws Exception {
    with("spark.kubernetes.allocation.executor.timeout", "100s");
    trace.step("three, one of them is not shown").target(0, 3).hide(0, 3, 3);
    trace.step("quiet").lasts(50_000);
    trace.step("over the timeout").lasts(60_000);
    trace.step("quiet again");
    compare();
  }

  @Test
  void S16_a_pod_that_nobody_sees_does_not_hold_the_others_back() throws Exception {
    trace.step("three, one of them is not shown").target(0, 3).hide(0, 3, 3);
    trace.step("five").target(0, 5).differs(UNSEEN);
    trace.step("it is seen").show(0, 3, 3, "pending");
    compare();
  }

  @Test
  void S16_surplus_that_nobody_has_seen_is_not_deleted_unseen() throws Exception {
    trace.step("three, one of them is not shown").target(0, 3).hide(0, 3, 3);
    trace.step("two run").show(0, 1, 2, "running").register(0, 1, 2);
    trace.step("two wanted").target(0, 2).lasts(90_000).differs(UNSEEN_SURPLUS);
    compare();
  }

  @Test
  void S16_allocation_maximum_and_the_bound_of_a_profile() throws Exception {
    if (!SparkVersion.running().atLeast(4, 1)) {
      with("spark.kubernetes.allocation.maxPendingPods", "4"); // those keys are not there yet
      trace.step("six").target(0, 6);
      compare();
      return;
    }
    with("spark.kubernetes.allocation.maxPendingPodsPerRp", "2")
        .with("spark.kubernetes.allocation.maximum", "7");
    trace.step("six and three").target(0, 6).target(1, 3);
    trace.step("full");
    trace.step("two run").show(0, 1, 2, "running");
    trace.step("more run").show(0, 3, 4, "running").show(1, 1, 2, "running");
    trace.step("the last ids");
    trace.step("no more").target(0, 20);
    compare();
  }

  /**
   * Two profiles up and down, pods that run, fail, end and vanish: nothing but the differences named above.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void S16_random_traces(long seed) throws Exception {
    with("spark.kubernetes.allocation.batch.size", "1000");
    with("spark.dynamicAllocation.executorIdleTimeout", "1h"); // what surplus goes when has tests of its own
    Random random = new Random(seed);
    Set<Trace.Key> over = new HashSet<>();
    String[] states = {"running", "running", "running", "failed", "succeeded", "gone"};
    for (int i = 0; i < 40; i++) {
      Trace.Step step = trace.step("seed " + seed + ", step " + i);
      for (int profile = 0; profile < 2; profile++) {
        if (i == 0 || random.nextInt(4) == 0) { // Spark names the default profile at the start, always
          step.target(profile, random.nextInt(9));
        }
        for (int events = random.nextInt(3); events > 0; events--) {
          int number = 1 + random.nextInt(6 + i / 2);
          String state = states[random.nextInt(states.length)];
          if (over.contains(new Trace.Key(profile, number))) {
            continue;
          }
          step.show(profile, number, number, state);
          if (!state.equals("running")) {
            over.add(new Trace.Key(profile, number));
          } else if (random.nextBoolean()) {
            step.register(profile, number, number);
          }
        }
      }
    }
    compare();
  }
}

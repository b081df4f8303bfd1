package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfile$;
import org.junit.jupiter.api.Test;

class TemplateBookTest {
  private final List<String> posts = new ArrayList<>();
  private final CountedFailures failures = new CountedFailures();
  private final ResourceProfile profile =
      ResourceProfile$.MODULE$.getOrCreateDefaultProfile(new SparkConf(false));
  private int target = 7;
  private long nowMs;
  private long commands;
  private RuntimeException broken;

  private final TemplateBook.Agent agent = new TemplateBook.Agent() {
    @Override
    public long template(int profile, int revision, int digits, RenderedPod[] samples) {
      posts.add("template " + profile + " r" + revision + " d" + digits + " first " + samples[0].executorId
          + " of " + samples.length);
      return ++commands;
    }

    @Override
    public long rendered(int profile, RenderedPod pod) {
      posts.add("rendered " + profile + " " + pod.executorId);
      return ++commands;
    }

    @Override
    public int target(int profile) {
      return target;
    }
  };

  private RenderedPod render(ResourceProfile resources, long id) {
    if (broken != null) {
      throw broken;
    }
    return new RenderedPod(id, new byte[0], new byte[0][]);
  }

  private TemplateBook book(boolean inDriver, int auditOneIn) {
    return new TemplateBook(agent, this::render, inDriver, auditOneIn, failures, () -> nowMs);
  }

  @Test
  void S24_a_profile_is_rendered_for_ids_of_1_to_6_digits_once() {
    TemplateBook book = book(false, 0);
    book.open(profile, 6);
    book.open(profile, 6);
    assertEquals(6, posts.size());
    assertEquals("template 0 r1 d1 first 1 of 5", posts.get(0));
    assertEquals("template 0 r1 d6 first 100000 of 5", posts.get(5));
  }

  @Test
  void S4_another_key_posts_all_again_under_a_new_revision() {
    SparkConf conf = new SparkConf(false);
    TemplateBook book = book(false, 0);
    book.review(TemplateKey.of(conf));
    book.open(profile, 2);
    posts.clear();
    book.review(TemplateKey.of(conf));
    assertEquals(List.of(), posts);
    book.review(TemplateKey.of(conf.set("spark.executor.memory", "2g")));
    posts.sort(null);
    assertEquals(List.of("template 0 r2 d1 first 1 of 5", "template 0 r2 d2 first 10 of 5"), posts);
  }

  @Test
  void S24_a_longer_id_is_rendered_when_the_agent_asks_and_not_at_each_asking() {
    TemplateBook book = book(false, 0);
    book.open(profile, 1);
    posts.clear();
    book.wanted(0, 1 << 7);
    book.wanted(0, 1 << 7);
    assertEquals(List.of("template 0 r1 d7 first 1000000 of 5"), posts);
    nowMs += TemplateBook.REPOST_MS;
    book.wanted(0, 1 << 7);
    assertEquals(2, posts.size());
  }

  @Test
  void S2_with_rendering_in_the_driver_the_agent_gets_pods_and_no_template() {
    TemplateBook book = book(true, 1);
    book.open(profile, 6);
    assertEquals(List.of("rendered 0 1"), posts);
    book.renderFor(0, 17);
    book.audit(0, 17);
    assertEquals(List.of("rendered 0 1", "rendered 0 17"), posts);
  }

  @Test
  void S2_one_in_n_created_pods_is_rendered_for_real_and_proved_with_others() {
    TemplateBook book = book(false, 10);
    book.open(profile, 1);
    posts.clear();
    for (int id = 1; id <= 20; id++) {
      book.audit(0, id);
    }
    assertEquals(List.of("template 0 r1 d2 first 10 of 5", "template 0 r1 d2 first 20 of 5"), posts);
  }

  @Test
  void S3_a_refused_diff_is_no_failure_and_a_policy_breach_is() {
    TemplateBook book = book(false, 0);
    book.open(profile, 2);
    book.result(
        new Batch.Result(1, Batch.Result.TEMPLATE, "$.spec.containers[0].env[3].value: does not derive"),
        "refused_template");
    assertEquals(0, failures.refused);
    book.result(breach(2), "refused_policy");
    assertEquals(7, failures.refused);
  }

  private static Batch.Result breach(long command) {
    return new Batch.Result(command, Batch.Result.POLICY, "$.spec.hostNetwork: true: is not allowed");
  }

  @Test
  void S3_each_try_of_a_refused_profile_counts_its_executors_once_and_none_when_none_is_wanted() {
    TemplateBook book = book(false, 0);
    book.open(profile, 3);
    book.result(breach(1), "refused_policy");
    book.result(breach(2), "refused_policy");
    assertEquals(7, failures.refused);
    nowMs += TemplateBook.REPOST_MS;
    book.result(breach(3), "refused_policy");
    assertEquals(14, failures.refused);

    nowMs += TemplateBook.REPOST_MS;
    target = 0;
    book.wanted(0, 1 << 1);
    book.result(breach(4), "refused_policy");
    assertEquals(14, failures.refused);
    assertEquals(0, failures.creates);
  }

  @Test
  void S5_the_warning_names_the_path_and_no_value() {
    assertEquals("$.spec.containers[0].env[3].value",
        TemplateBook.pathOf("$.spec.containers[0].env[3].value: 'secret' for id 1, 'other' for id 2"));
    assertEquals("$.spec", TemplateBook.pathOf("$.spec"));
  }

  @Test
  void S3_what_cannot_be_rendered_fails_the_start_and_later_counts_each_time() {
    broken = new IllegalArgumentException(
        "The executor cpu request (2) should be less than or equal to cpu limit (1)");
    assertThrows(IllegalArgumentException.class, () -> book(false, 0).open(profile, 6));
    broken = null;
    TemplateBook book = book(false, 0);
    book.open(profile, 1);
    broken = new IllegalArgumentException("later");
    book.wanted(0, 1 << 2);
    nowMs += TemplateBook.REPOST_MS;
    book.wanted(0, 1 << 2);
    nowMs += TemplateBook.REPOST_MS;
    book.renderFor(0, 5);
    assertEquals(3 * target, failures.refused);
  }
}

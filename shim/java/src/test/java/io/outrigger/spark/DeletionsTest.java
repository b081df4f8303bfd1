package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

class DeletionsTest {
  private final Deletions deletions = new Deletions();

  private static Change proposed(long id) {
    return Changes.with(Changes.of(id, Change.PENDING), Change.DELETE_PROPOSED);
  }

  @Test
  void S9_a_registered_executor_is_never_confirmed() {
    deletions.take(proposed(1));
    deletions.take(proposed(2));
    assertArrayEquals(new long[] {2}, deletions.confirm(() -> Set.of(1L)));
    assertFalse(deletions.contains("1"));
    assertTrue(deletions.contains("2"));
  }

  @Test
  void S9_ids_count_as_deleted_before_the_scheduler_is_asked() {
    deletions.take(proposed(1));
    deletions.confirm(() -> {
      assertTrue(deletions.contains("1"), "one that registers now must be turned away");
      return Set.of();
    });
  }

  @Test
  void S9_an_id_leaves_the_set_when_its_pod_leaves_the_table() {
    deletions.take(proposed(1));
    deletions.confirm(Set::of);
    deletions.take(Changes.of(1, Change.DELETED));
    assertTrue(deletions.contains("1"));
    deletions.take(Changes.with(Changes.of(1, Change.DELETED), Change.GONE));
    assertFalse(deletions.contains("1"));
  }

  @Test
  void S26_an_id_that_is_no_number_is_no_error() {
    assertFalse(deletions.contains("driver"));
  }
}

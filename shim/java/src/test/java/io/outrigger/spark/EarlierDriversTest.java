package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class EarlierDriversTest {
  private final EarlierDrivers earlier = new EarlierDrivers();

  private static Change change(long id, String uid) {
    Change change = Changes.running(id);
    change.uid = uid;
    return change;
  }

  @Test
  void S8_what_was_there_before_our_first_target_is_not_ours_for_ever_and_the_same_id_later_is() {
    assertTrue(earlier.has(change(1, "old-1")));
    assertTrue(earlier.has(change(2, "")));
    assertTrue(earlier.accept());
    assertFalse(earlier.has(change(1, "")), "ours, being created");
    assertFalse(earlier.has(change(1, "new-1")));
    assertTrue(earlier.has(change(1, "old-1")));
    assertFalse(earlier.accept(), "once: a later agent is sent the targets by the library");
  }
}

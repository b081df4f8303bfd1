package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class EarlierDriversTest {
  private final EarlierDrivers earlier = new EarlierDrivers();

  private static Change change(long id, String uid, int flags) {
    Change change = Changes.running(id);
    change.uid = uid;
    change.flags = flags;
    return change;
  }

  @Test
  void S8_what_the_first_table_holds_is_not_ours_for_ever_and_the_same_id_later_is() {
    assertTrue(earlier.has(change(1, "old-1", Change.REPLAY)));
    assertTrue(earlier.has(change(2, "", Change.REPLAY)));
    assertFalse(earlier.has(change(1, "", 0)), "ours, being created");
    assertFalse(earlier.has(change(1, "new-1", 0)));
    assertTrue(earlier.has(change(1, "old-1", Change.GONE)));
    assertFalse(earlier.has(change(2, "new-2", Change.REPLAY)), "a later table holds ours");
  }

  @Test
  void S8_after_the_first_agent_has_accepted_us_every_table_is_ours() {
    earlier.accepted();
    assertFalse(earlier.has(change(1, "new-1", Change.REPLAY)));
  }
}

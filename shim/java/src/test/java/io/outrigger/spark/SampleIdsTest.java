package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class SampleIdsTest {
  @Test
  void S2_five_ids_of_one_length_with_the_smallest_that_differ_in_every_digit() {
    long smallest = 1;
    for (int digits = 1; digits <= SampleIds.DIGITS; digits++, smallest *= 10) {
      long[] ids = SampleIds.ofDigits(digits);
      assertEquals(5, ids.length);
      assertEquals(smallest, ids[0]);
      check(ids, digits);
    }
  }

  @Test
  void S2_any_id_can_be_audited() {
    for (long id : new long[] {1, 9, 10, 99, 109, 908, 12345, 99999, 1000000}) {
      assertEquals(id, SampleIds.around(id)[0]);
      check(SampleIds.around(id), SampleIds.digitsOf(id));
    }
  }

  private static void check(long[] ids, int digits) {
    for (int a = 0; a < ids.length; a++) {
      assertEquals(digits, SampleIds.digitsOf(ids[a]));
      for (int b = 0; b < a; b++) {
        for (int i = 0; i < digits; i++) {
          assertNotEquals(Long.toString(ids[a]).charAt(i), Long.toString(ids[b]).charAt(i));
        }
      }
    }
  }
}

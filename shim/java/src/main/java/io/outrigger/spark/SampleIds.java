package io.outrigger.spark;

/**
 * Which executor ids a template is proved with: five of one length that differ from each other in every
 * digit (S2).
 */
final class SampleIds {
  static final int COUNT = 5;
  static final int DIGITS = 10;

  private SampleIds() {}

  /** The smallest id of so many digits is among them. */
  static long[] ofDigits(int digits) {
    long smallest = 1;
    for (int i = 1; i < digits; i++) {
      smallest *= 10;
    }
    return around(smallest);
  }

  /** {@code id} itself goes first. */
  static long[] around(long id) {
    String digits = Long.toString(id);
    long[] ids = new long[COUNT];
    for (int k = 0; k < COUNT; k++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < digits.length(); i++) {
        int digit = digits.charAt(i) - '0';
        text.append(i == 0 ? (digit - 1 + k) % 9 + 1 : (digit + k) % 10);
      }
      ids[k] = Long.parseLong(text.toString());
    }
    return ids;
  }

  static int digitsOf(long id) {
    return Long.toString(id).length();
  }
}

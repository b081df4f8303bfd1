package io.outrigger.spark;

/** Which Spark this is, as far as behaviour differs. */
final class SparkVersion {
  final String text;
  private final int major;
  private final int minor;

  SparkVersion(String text) {
    this.text = text;
    String[] parts = text.split("[.\\-]");
    major = number(parts, 0);
    minor = number(parts, 1);
  }

  static SparkVersion running() {
    return new SparkVersion(org.apache.spark.package$.MODULE$.SPARK_VERSION());
  }

  boolean atLeast(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || major == wantedMajor && minor >= wantedMinor;
  }

  private static int number(String[] parts, int at) {
    try {
      return at < parts.length ? Integer.parseInt(parts[at]) : 0;
    } catch (NumberFormatException vendorsOwn) {
      return 0;
    }
  }
}

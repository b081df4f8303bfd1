package io.outrigger.spark;

import org.apache.spark.SparkConf;
import scala.Tuple2;

/**
 * A copy of the application's SparkConf for Spark's pod builder, in which the default local directory is the
 * same at each rendering: without SPARK_LOCAL_DIRS Spark makes one with a random UUID per pod (S1). The
 * builder clones what it is given, so the clone has the rule too.
 */
final class RenderingConf extends SparkConf {
  private static final long serialVersionUID = 1L;
  private static final String LOCAL_DIRS = "SPARK_LOCAL_DIRS";

  private final String defaultLocalDir;

  RenderingConf(SparkConf from, String defaultLocalDir) {
    super(false);
    this.defaultLocalDir = defaultLocalDir;
    for (Tuple2<String, String> entry : from.getAll()) {
      set(entry._1(), entry._2(), true);
    }
  }

  /** The driver's own environment and spark.local.dir go first, as in Spark. */
  @Override
  public String getenv(String name) {
    String value = super.getenv(name);
    if (value != null || !LOCAL_DIRS.equals(name) || contains("spark.local.dir")) {
      return value;
    }
    return defaultLocalDir;
  }

  @Override
  public SparkConf clone() {
    return new RenderingConf(this, defaultLocalDir);
  }
}

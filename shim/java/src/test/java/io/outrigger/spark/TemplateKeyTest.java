package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplateKeyTest {
  private final SparkConf conf = new SparkConf(false).set("spark.executor.memory", "1g");

  @Test
  void S4_the_applications_id_is_no_part_of_it() {
    TemplateKey before = TemplateKey.of(conf);
    conf.set("spark.app.id", "spark-1");
    assertEquals(before, TemplateKey.of(conf));
  }

  @Test
  void S4_a_setting_and_recovery_mode_are() {
    TemplateKey before = TemplateKey.of(conf);
    conf.set("spark.executorEnv.A", "b");
    TemplateKey after = TemplateKey.of(conf);
    assertNotEquals(before, after);
    conf.set(SparkBackend.RECOVERY_MODE, "true");
    assertNotEquals(after, TemplateKey.of(conf));
  }

  @Test
  void S4_the_content_of_the_template_file_is(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("pod.yaml");
    Files.writeString(file, "kind: Pod\n");
    conf.set("spark.kubernetes.executor.podTemplateFile", file.toString());
    TemplateKey before = TemplateKey.of(conf);
    assertEquals(before, TemplateKey.of(conf));
    Files.writeString(file, "kind: Pod\nspec: {}\n");
    assertNotEquals(before, TemplateKey.of(conf));
  }

  @Test
  void S4_a_file_that_is_elsewhere_is_no_error() {
    conf.set("spark.kubernetes.executor.podTemplateFile", "hdfs://somewhere/pod.yaml");
    assertEquals(TemplateKey.of(conf), TemplateKey.of(conf));
  }
}

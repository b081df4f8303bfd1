package io.outrigger.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import scala.Tuple2;

/**
 * What rendered pods depend on besides profile and id, as one hash: another hash means that templates must be
 * rendered again (S4). It covers the whole SparkConf (recovery mode is a key of it) but the application's id,
 * and the content of the pod template file. Immutable.
 */
final class TemplateKey {
  private static final String TEMPLATE_FILE = "spark.kubernetes.executor.podTemplateFile";

  private final byte[] hash;

  private TemplateKey(byte[] hash) {
    this.hash = hash;
  }

  static TemplateKey of(SparkConf conf) {
    Map<String, String> sorted = new TreeMap<>();
    for (Tuple2<String, String> entry : conf.getAll()) {
      sorted.put(entry._1(), entry._2());
    }
    sorted.remove("spark.app.id"); // set while the context starts; rendering is given it by name
    MessageDigest digest = sha256();
    for (Map.Entry<String, String> entry : sorted.entrySet()) {
      add(digest, entry.getKey().getBytes(StandardCharsets.UTF_8));
      add(digest, entry.getValue().getBytes(StandardCharsets.UTF_8));
    }
    add(digest, contentOf(sorted.get(TEMPLATE_FILE)));
    return new TemplateKey(digest.digest());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TemplateKey && Arrays.equals(hash, ((TemplateKey) other).hash);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }

  private static void add(MessageDigest digest, byte[] bytes) {
    digest.update((byte) (bytes.length >>> 24));
    digest.update((byte) (bytes.length >>> 16));
    digest.update((byte) (bytes.length >>> 8));
    digest.update((byte) bytes.length);
    digest.update(bytes);
  }

  /**
   * Empty for a file that is on another file system or away for the moment: the renderer says so aloud when
   * it reads it.
   */
  private static byte[] contentOf(String template) {
    if (template == null) {
      return new byte[0];
    }
    try {
      Path path =
          Paths.get(template.startsWith("file:") ? template.substring(5).replaceFirst("^//", "") : template);
      return Files.isRegularFile(path) ? Files.readAllBytes(path) : new byte[0];
    } catch (IOException | InvalidPathException elsewhere) {
      return new byte[0];
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJvmHasIt) {
      throw new IllegalStateException(everyJvmHasIt);
    }
  }
}

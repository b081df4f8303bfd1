package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.junit.jupiter.api.Test;

/** deploy/spark/settings.md against the Spark on the class path, whichever that is. */
class SettingsTableTest {
  private static final String PREFIX = "spark.kubernetes.";
  private static final Set<String> HANDLINGS =
      Set.of("agent", "template", "gateway", "Spark", "n/a", "**refused**");

  private record Row(String key, String first, String last, String by, String note) {}

  private final SparkVersion version = SparkVersion.running();

  private static Path document() {
    return Path.of(System.getProperty("outrigger.source", "../../.."), "deploy/spark/settings.md");
  }

  private static List<Row> table() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(document())) {
      String[] cells = line.split("\\|");
      if (cells.length == 5 && cells[2].contains(" to ")) {
        String[] lines = cells[2].strip().split(" to ");
        rows.add(new Row(cells[1].strip(), lines[0], lines[1], cells[3].strip(), cells[4].strip()));
      }
    }
    return rows;
  }

  private boolean isOfThisSpark(Row row) {
    String[] first = row.first.split("\\.");
    String[] last = row.last.split("\\.");
    return version.atLeast(Integer.parseInt(first[0]), Integer.parseInt(first[1]))
        && !version.atLeast(Integer.parseInt(last[0]), Integer.parseInt(last[1]) + 1);
  }

  private static Object config() throws ReflectiveOperationException {
    Class<?> type = Class.forName("org.apache.spark.deploy.k8s.Config$");
    return type.getField("MODULE$").get(null);
  }

  /** Without the prefix. */
  private static Set<String> entries() throws ReflectiveOperationException {
    Set<String> keys = new TreeSet<>();
    Object config = config();
    for (Method method : config.getClass().getMethods()) {
      if (method.getParameterCount() == 0 && ConfigEntry.class.isAssignableFrom(method.getReturnType())) {
        String key = ((ConfigEntry<?>) method.invoke(config)).key();
        if (key.startsWith(PREFIX)) {
          keys.add(key.substring(PREFIX.length()));
        }
      }
    }
    assertTrue(keys.size() > 60, "reflection found only " + keys);
    return keys;
  }

  /**
   * Every text of that prefix in the constants of every class of Spark's Kubernetes module: families,
   * prefixes, keys without an entry.
   */
  private static Set<String> constants() throws Exception {
    Set<String> found = new TreeSet<>();
    Path jar = Path.of(config().getClass().getProtectionDomain().getCodeSource().getLocation().toURI());
    try (JarFile file = new JarFile(jar.toFile())) {
      for (Enumeration<JarEntry> all = file.entries(); all.hasMoreElements();) {
        JarEntry entry = all.nextElement();
        if (entry.getName().endsWith(".class")) {
          try (InputStream in = file.getInputStream(entry)) {
            addConstants(new DataInputStream(in), found);
          }
        }
      }
    }
    return found;
  }

  /** The constant pool of a class file (JVM specification, 4.4). */
  private static void addConstants(DataInputStream in, Set<String> to) throws IOException {
    in.skipNBytes(8);
    int count = in.readUnsignedShort();
    for (int i = 1; i < count; i++) {
      int tag = in.readUnsignedByte();
      switch (tag) {
        case 1 -> {
          String text = in.readUTF();
          if (text.matches("spark\\.kubernetes\\.[\\w.-]*\\w\\.?")) {
            to.add(text.substring(PREFIX.length()));
          }
        }
        case 5, 6 -> {
          in.skipNBytes(8);
          i++;
        }
        case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
        case 15 -> in.skipNBytes(3);
        default -> in.skipNBytes(4);
      }
    }
  }

  @Test
  void every_key_has_one_row_and_one_handling_and_each_refusal_and_each_absence_its_reason()
      throws Exception {
    Map<String, Row> seen = new LinkedHashMap<>();
    for (Row row : table()) {
      assertEquals(null, seen.put(row.key, row), row.key + " has two rows");
      assertTrue(HANDLINGS.contains(row.by), row.key + " is handled by '" + row.by + "'");
      assertFalse(row.note.isEmpty() && !row.by.equals("template"), row.key + " has no note");
    }
    assertTrue(seen.size() > 100, seen.size() + " rows");
  }

  @Test
  void no_key_of_this_spark_is_missing_and_none_is_stale() throws Exception {
    Set<String> known = new TreeSet<>(entries());
    Set<String> constants = constants();
    known.addAll(constants);
    Set<String> rows = table()
                           .stream()
                           .filter(this::isOfThisSpark)
                           .map(Row::key)
                           .collect(Collectors.toCollection(TreeSet::new));
    Set<String> missing = new TreeSet<>(known);
    missing.removeAll(rows);
    Set<String> stale = new TreeSet<>(rows);
    stale.removeAll(known);
    System.out.println("Spark " + version.text + ": " + entries().size() + " entries, " + constants.size()
        + " constants, " + rows.size() + " rows");
    assertEquals(Set.of(), missing, "keys of Spark " + version.text + " without a row");
    assertEquals(Set.of(), stale, "rows without a key in Spark " + version.text);
  }

  @Test
  void S15_every_refusal_of_the_table_is_said_and_nothing_else_is() throws Exception {
    for (Row row : table()) {
      SparkConf conf = new SparkConf(false);
      String value = row.key.contains("Factor") || row.key.contains("Threshold") ? "0.7" : "true";
      conf.set(PREFIX + row.key, value);
      if (row.by.equals("**refused**") && row.note.contains("Plugin`")) {
        conf.set("spark.plugins",
            "org.apache.spark.scheduler.cluster.k8s." + row.note.replaceAll("^of `(\\w+)`.*", "$1"));
      }
      List<String> lines = Unsupported.lines(conf);
      if (row.by.equals("**refused**")) {
        assertEquals(1, lines.size(), row.key + ": " + lines);
        String named = lines.get(0).replaceAll("(?s).*?(spark\\.kubernetes\\.[\\w.]+).*", "$1");
        assertTrue((PREFIX + row.key).startsWith(named), row.key + " is not named in: " + lines);
      } else {
        assertEquals(List.of(), lines, row.key + " is handled by " + row.by);
      }
    }
  }
}

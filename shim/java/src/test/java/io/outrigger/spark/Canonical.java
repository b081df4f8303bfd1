package io.outrigger.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * JSON with sorted keys, and the two things in which Spark's builder differs from itself (S1) put into one
 * form: the random directory, and the order of several local directories. Maps, lists and scalars as Jackson
 * reads them.
 */
final class Canonical {
  private static final ObjectMapper JSON = new ObjectMapper()
                                               .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                                               .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
  private static final String RANDOM_DIRECTORY = "/var/data/spark-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  private static final String LOCAL_DIR = "spark-local-dir-";

  private Canonical() {}

  @SuppressWarnings("unchecked")
  static Map<String, Object> read(String json) {
    try {
      return JSON.readValue(json.replaceAll(RANDOM_DIRECTORY, "/var/data/spark-<random>"), TreeMap.class);
    } catch (JsonProcessingException noJson) {
      throw new IllegalArgumentException(json, noJson);
    }
  }

  static String text(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException never) {
      throw new IllegalStateException(never);
    }
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Map<String, Object> in, String key) {
    return (Map<String, Object>) in.computeIfAbsent(key, absent -> new TreeMap<String, Object>());
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> list(Map<String, Object> in, String key) {
    return (List<Map<String, Object>>) in.getOrDefault(key, new ArrayList<>());
  }

  /**
   * Several local directories: which name stands first, and which of several volumes with the same content is
   * mounted where, is Spark's dice. Each mount gets its volume's content in its place, and all are sorted.
   * Not the shim's own code.
   */
  static void orderLocalDirectories(Map<String, Object> pod) {
    Map<String, Object> spec = object(pod, "spec");
    Map<String, String> contents = new TreeMap<>();
    for (Map<String, Object> volume : list(spec, "volumes")) {
      Map<String, Object> content = new TreeMap<>(volume);
      contents.put((String) content.remove("name"), text(content));
    }
    for (Map<String, Object> container : list(spec, "containers")) {
      for (Map<String, Object> variable : list(container, "env")) {
        if ("SPARK_LOCAL_DIRS".equals(variable.get("name")) && variable.get("value") != null) {
          String[] directories = variable.get("value").toString().split(",");
          Arrays.sort(directories);
          variable.put("value", String.join(",", directories));
        }
      }
      List<Map<String, Object>> mounts = list(container, "volumeMounts");
      List<String> local = new ArrayList<>();
      for (Map<String, Object> mount : mounts) {
        if (mount.get("name").toString().startsWith(LOCAL_DIR)) {
          local.add(mount.get("mountPath") + " <- " + contents.get(mount.get("name")));
        }
      }
      local.sort(null);
      int next = 0;
      for (Map<String, Object> mount : mounts) {
        if (mount.get("name").toString().startsWith(LOCAL_DIR)) {
          mount.put("mountPath", local.get(next++));
          mount.put("name", LOCAL_DIR);
        }
      }
    }
  }

  /** Where two trees differ first, or null. */
  static String difference(Object expected, Object made, String path) {
    if (expected instanceof Map && made instanceof Map) {
      Map<?, ?> a = (Map<?, ?>) expected;
      Map<?, ?> b = (Map<?, ?>) made;
      TreeMap<Object, Object> keys = new TreeMap<>(a);
      keys.putAll(b);
      for (Object key : keys.keySet()) {
        String found = difference(a.get(key), b.get(key), path + "." + key);
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    if (expected instanceof List && made instanceof List
        && ((List<?>) expected).size() == ((List<?>) made).size()) {
      for (int i = 0; i < ((List<?>) expected).size(); i++) {
        String found = difference(((List<?>) expected).get(i), ((List<?>) made).get(i), path + "[" + i + "]");
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    String a = text(expected);
    String b = text(made);
    return a.equals(b) ? null : path + ": Spark " + a + ", made " + b;
  }
}

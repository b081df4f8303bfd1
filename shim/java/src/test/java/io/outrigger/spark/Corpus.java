package io.outrigger.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.k8s.KubernetesConf$;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfile$;
import org.apache.spark.resource.ResourceProfileBuilder;

/** The configurations of tests/spark/fidelity/corpus.conf; its head says how they are written. */
final class Corpus {
  static final String NAMESPACE = "ns1";

  static final class Configuration {
    final String name;
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final Map<String, String> directives = new LinkedHashMap<>();

    Configuration(String name) {
      this.name = name;
    }

    SparkConf conf() {
      SparkConf conf = new SparkConf(false)
                           .set("spark.app.name", "demo")
                           .set("spark.master", "k8s://https://server:6443")
                           .set("spark.driver.host", "driver.ns1.svc")
                           .set("spark.driver.port", "7078")
                           .set("spark.kubernetes.namespace", NAMESPACE)
                           .set("spark.kubernetes.container.image", "repo/spark:1")
                           .set("spark.kubernetes.executor.podNamePrefix", "demo");
      if (directives.containsKey("unset")) {
        conf.remove(directives.get("unset"));
      }
      settings.forEach(conf::set);
      // As Spark's cluster manager does before it makes an allocator: one prefix for the application, with a
      // random part.
      conf.setIfMissing("spark.kubernetes.executor.podNamePrefix",
          KubernetesConf$.MODULE$.getResourceNamePrefix(conf.get("spark.app.name")));
      return conf;
    }

    boolean hasDriverPod() {
      return !"none".equals(directives.get("driverPod"));
    }

    /** What the driver's environment must be; it is the JVM's own, so the caller groups by it. */
    Map<String, String> environment() {
      Map<String, String> found = new LinkedHashMap<>();
      directives.forEach((key, value) -> {
        if (key.startsWith("env.")) {
          found.put(key.substring(4), value);
        }
      });
      return found;
    }

    ResourceProfile profile(SparkConf conf) {
      ExecutorResourceRequests wanted = new ExecutorResourceRequests();
      boolean own = false;
      for (Map.Entry<String, String> each : directives.entrySet()) {
        String value = each.getValue();
        switch (each.getKey()) {
          case "profile.cores" -> wanted.cores(Integer.parseInt(value));
          case "profile.memory" -> wanted.memory(value);
          case "profile.memoryOverhead" -> wanted.memoryOverhead(value);
          case "profile.offHeap" -> wanted.offHeapMemory(value);
          case "profile.pysparkMemory" -> wanted.pysparkMemory(value);
          case "profile.gpu" -> wanted.resource("gpu", Long.parseLong(value), "/opt/gpu.sh", "nvidia.com");
          default -> {
            continue;
          }
        }
        own = true;
      }
      return own ? new ResourceProfileBuilder().require(wanted).build()
                 : ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf);
    }
  }

  private Corpus() {}

  static List<Configuration> read(Path file) throws IOException {
    String fixtures = file.toAbsolutePath().resolveSibling("fixtures").toString();
    List<Configuration> all = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      line = line.strip().replace("FIXTURES", fixtures);
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (line.startsWith("[")) {
        all.add(new Configuration(line.substring(1, line.length() - 1)));
        continue;
      }
      int equals = line.indexOf('=');
      if (equals < 0 || all.isEmpty()) {
        throw new IOException(file + ": '" + line + "' is neither [name] nor key = value");
      }
      String key = line.substring(0, equals).strip();
      Configuration last = all.get(all.size() - 1);
      (key.startsWith("@") ? last.directives : last.settings)
          .put(key.startsWith("@") ? key.substring(1) : key, line.substring(equals + 1).strip());
    }
    return all;
  }
}

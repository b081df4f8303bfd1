package io.outrigger.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfile$;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsAllocator;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshotsStoreImpl;
import org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBuilder;
import org.apache.spark.util.ManualClock;

/**
 * Spark's own ExecutorPodsAllocator with its own snapshots store, on a clock of ours, without threads: a
 * round happens when a step says so. Its fabric8 client talks to a server that answers everything with yes
 * and writes it down.
 */
final class StockAllocator implements Trace.Side {
  private static final String NAMESPACE = "ns1";
  private static final long EPOCH_MS = 1_700_000_000_000L;
  private static final Pattern IDS = Pattern.compile("spark-exec-id in \\(([\\d,]+)\\)");

  /** Runs what it is given at once; what it shall repeat, when the test says so. */
  private static final class InlineExecutor extends ScheduledThreadPoolExecutor {
    final List<Runnable> repeated = new ArrayList<>();

    InlineExecutor() {
      super(1);
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long first, long delay, TimeUnit unit) {
      repeated.add(task);
      return null;
    }

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public Future<?> submit(Runnable task) {
      task.run();
      return null;
    }

    @Override
    public <T> Future<T> submit(Callable<T> task) {
      FutureTask<T> done = new FutureTask<>(task);
      done.run();
      return done;
    }
  }

  private final ManualClock clock = new ManualClock(EPOCH_MS);
  private final InlineExecutor executor = new InlineExecutor();
  private final HttpServer server;
  private final KubernetesClient client;
  private final ExecutorPodsSnapshotsStoreImpl store;
  private final ExecutorPodsAllocator allocator;
  private final StubBackend backend = StubBackend.make();
  private final Map<Integer, ResourceProfile> profiles = new TreeMap<>();
  private final Map<Long, Long> createdAtMs = new TreeMap<>();
  private final List<long[]> creates = new ArrayList<>(); // id, profile of the trace
  private final List<Long> deletes = new ArrayList<>();
  private final Map<String, ObjectNode> claims = new TreeMap<>();
  private final Map<String, Long> claimsMadeAtMs = new TreeMap<>();
  private final Map<Long, String> mounted = new TreeMap<>();

  static boolean claimsOnDemand(Map<String, String> settings) {
    return settings.containsValue("OnDemand");
  }

  StockAllocator(Map<String, String> settings) throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort();
    client = new KubernetesClientBuilder()
                 .withConfig(new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                         .withMasterUrl(url)
                         .withNamespace(NAMESPACE)
                         .build())
                 .build();
    SparkConf conf = new SparkConf(false)
                         .set("spark.app.name", "trace")
                         .set("spark.master", "k8s://" + url)
                         .set("spark.driver.host", "127.0.0.1")
                         .set("spark.driver.port", "7078")
                         .set("spark.kubernetes.namespace", NAMESPACE)
                         .set("spark.kubernetes.container.image", "spark")
                         .set("spark.kubernetes.executor.podNamePrefix", "trace")
                         .set("spark.executor.maxNumFailures", "1000"); // 3.5 counts here, and ends the JVM
    settings.forEach(conf::set);
    if (claimsOnDemand(settings)) {
      conf.set("spark.kubernetes.driver.pod.name", "driver"); // who owns them
    }
    Class<?> all = Class.forName("org.apache.spark.resource.ResourceProfile$");
    all.getMethod("clearDefaultProfile").invoke(all.getField("MODULE$").get(null));
    profiles.put(0, ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf));
    profiles.put(1,
        new ResourceProfileBuilder().require(new ExecutorResourceRequests().cores(2).memory("2g")).build());
    SecurityManager security = new SecurityManager(
        conf, SecurityManager.$lessinit$greater$default$2(), SecurityManager.$lessinit$greater$default$3());
    store = new ExecutorPodsSnapshotsStoreImpl(executor, clock, conf);
    allocator =
        new ExecutorPodsAllocator(conf, security, new KubernetesExecutorBuilder(), client, store, clock);
    allocator.start("trace-app", backend);
  }

  @Override
  public String name() {
    return "Spark";
  }

  @Override
  public Trace.Decided step(
      long nowMs, Map<Integer, Integer> targets, Set<Long> known, List<Trace.Shown> shown) {
    creates.clear();
    deletes.clear();
    clock.setTime(EPOCH_MS + nowMs);
    backend.known(known);
    for (Trace.Shown pod : shown) {
      store.updatePod(pod(pod));
      if (pod.state().equals("gone")) {
        // What a full snapshot without it does in stock: the map only grows otherwise.
        gone(pod.id());
      }
    }
    if (!targets.isEmpty()) {
      scala.collection.immutable.Map<ResourceProfile, Object> wanted =
          scala.collection.immutable.Map$.MODULE$.empty();
      for (Map.Entry<Integer, Integer> each : targets.entrySet()) {
        wanted = EndToEndTest.with(wanted, profiles.get(each.getKey()), each.getValue());
      }
      allocator.setTotalExpectedExecutors(wanted);
    }
    executor.repeated.forEach(Runnable::run);
    return new Trace.Decided(new ArrayList<>(creates), new ArrayList<>(deletes));
  }

  private final Map<Long, Pod> table = new TreeMap<>();

  private void gone(long id) {
    table.remove(id);
    store.replaceSnapshot(Seqs.of(new ArrayList<>(table.values())));
  }

  private Pod pod(Trace.Shown shown) {
    boolean deleting = shown.state().equals("gone");
    String phase = switch (shown.state()) {
      case "running" -> "Running";
      case "succeeded" -> "Succeeded";
      case "failed" -> "Failed";
      default -> "Pending";
    };
    Pod pod = new PodBuilder()
                  .withNewMetadata()
                  .withName("trace-exec-" + shown.id())
                  .withNamespace(NAMESPACE)
                  .addToLabels("spark-app-selector", "trace-app")
                  .addToLabels("spark-role", "executor")
                  .addToLabels("spark-exec-id", Long.toString(shown.id()))
                  .addToLabels(
                      "spark-exec-resourceprofile-id", Integer.toString(profiles.get(shown.profile()).id()))
                  .withCreationTimestamp(
                      Instant.ofEpochMilli(createdAtMs.getOrDefault(shown.id(), EPOCH_MS)).toString())
                  .withDeletionTimestamp(deleting ? "2026-01-01T00:00:00Z" : null)
                  .endMetadata()
                  .withNewSpec()
                  .withRestartPolicy("Never")
                  .addAllToVolumes(volumes(shown.id()))
                  .endSpec()
                  .withNewStatus()
                  .withPhase(phase)
                  .endStatus()
                  .build();
    table.put(shown.id(), pod);
    return pod;
  }

  private List<Volume> volumes(long id) {
    String claim = mounted.get(id);
    return claim == null
        ? List.of()
        : List.of(new VolumeBuilder().withName("data").withNewPersistentVolumeClaim(claim, false).build());
  }

  /** As old for Spark, which asks the machine's clock, as it is on ours. */
  private ArrayNode listedClaims(ObjectMapper json) {
    ArrayNode items = json.createArrayNode();
    claims.forEach((name, claim) -> {
      long ageMs = clock.getTimeMillis() - claimsMadeAtMs.get(name);
      ((ObjectNode) claim.get("metadata"))
          .put("creationTimestamp", Instant.now().minusMillis(ageMs).toString());
      items.add(claim);
    });
    return items;
  }

  /** The id of the executor whose claim this one mounts; 0: it mounts none. */
  private long claimOf(long id, JsonNode pod) {
    for (JsonNode volume : pod.get("spec").get("volumes")) {
      JsonNode claim = volume.get("persistentVolumeClaim");
      if (claim != null) {
        mounted.put(id, claim.get("claimName").asText());
        return Long.parseLong(mounted.get(id).replaceAll(".*-exec-(\\d+)-pvc-0", "$1"));
      }
    }
    return 0;
  }

  private void serve(HttpExchange exchange) throws IOException {
    ObjectMapper json = new ObjectMapper();
    String query = exchange.getRequestURI().getRawQuery();
    String answer = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\"}";
    int code = 200;
    String path = exchange.getRequestURI().getPath();
    if (exchange.getRequestMethod().equals("POST") && path.endsWith("/persistentvolumeclaims")) {
      ObjectNode claim = (ObjectNode) json.readTree(exchange.getRequestBody());
      String name = claim.get("metadata").get("name").asText();
      claims.put(name, claim);
      claimsMadeAtMs.put(name, clock.getTimeMillis());
      answer = json.writeValueAsString(claim);
      code = 201;
    } else if (exchange.getRequestMethod().equals("POST")) {
      JsonNode pod = json.readTree(exchange.getRequestBody());
      JsonNode labels = pod.get("metadata").get("labels");
      long id = labels.get("spark-exec-id").asLong();
      long profile = labels.get("spark-exec-resourceprofile-id").asInt() == profiles.get(0).id() ? 0 : 1;
      long claimOf = claimOf(id, pod);
      creates.add(claimOf == 0 ? new long[] {id, profile} : new long[] {id, profile, claimOf});
      createdAtMs.put(id, clock.getTimeMillis());
      ((ObjectNode) pod.get("metadata")).put("uid", "00000000-0000-0000-0000-" + String.format("%012d", id));
      answer = json.writeValueAsString(pod);
      code = 201;
    } else if (exchange.getRequestMethod().equals("DELETE") && query != null) {
      Matcher ids = IDS.matcher(URLDecoder.decode(query, StandardCharsets.UTF_8));
      if (ids.find()) {
        Arrays.stream(ids.group(1).split(",")).map(Long::parseLong).forEach(deletes::add);
      }
    } else if (path.endsWith("/pods/driver")) {
      answer = "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"driver\",\"namespace\":\""
          + NAMESPACE + "\",\"uid\":\"00000000-0000-0000-0000-00000000000d\"}}";
    } else if (path.endsWith("/persistentvolumeclaims")) {
      ObjectNode list =
          json.createObjectNode().put("kind", "PersistentVolumeClaimList").put("apiVersion", "v1");
      list.putObject("metadata");
      list.set("items", listedClaims(json));
      answer = json.writeValueAsString(list);
    } else if (exchange.getRequestMethod().equals("GET")) {
      answer = "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[]}";
    }
    byte[] body = answer.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    client.close();
    server.stop(0);
    executor.shutdownNow();
  }
}

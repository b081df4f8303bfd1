package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBuilder;
import scala.Option;

/**
 * For each configuration of the corpus and ids of 1 to 5 digits: is the pod that the agent makes the one that
 * stock Spark would POST? Usage: Fidelity CORPUS STAMPER OUT; run once for each environment that the corpus
 * asks for, it takes the configurations whose environment is its own. tests/spark/fidelity_test.py does that,
 * for each Spark line.
 */
public final class Fidelity {
  private static final String APPLICATION = "spark-0123456789abcdef";
  private static final String DRIVER_UID = "11111111-2222-3333-4444-555555555555";
  private static final int DIGITS = 5;

  private final KubernetesClient client;
  private final Stamper stamper;

  private Fidelity(KubernetesClient client, Stamper stamper) {
    this.client = client;
    this.stamper = stamper;
  }

  public static void main(String[] arguments) throws Exception {
    List<Object> all = new ArrayList<>();
    Config nowhere = new ConfigBuilder(Config.empty()).withMasterUrl("http://127.0.0.1:1").build();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(nowhere).build();
        Stamper stamper = new Stamper(arguments[1])) {
      for (Corpus.Configuration each : Corpus.read(Path.of(arguments[0]))) {
        if (new TreeMap<>(each.environment()).equals(ownEnvironment())) {
          all.add(new Fidelity(client, stamper).judge(each));
        }
      }
    }
    Files.writeString(Path.of(arguments[2]), Canonical.text(all));
    System.exit(0); // fabric8's threads
  }

  /** What the caller set on purpose. */
  private static Map<String, String> ownEnvironment() {
    Map<String, String> own = new TreeMap<>();
    for (String name : System.getenv().getOrDefault("FIDELITY_ENVIRONMENT", "").split(",")) {
      if (!name.isEmpty()) {
        own.put(name, System.getenv(name));
      }
    }
    return own;
  }

  /** The smallest and the largest of each length and three between. */
  static List<Long> ids() {
    TreeSet<Long> ids = new TreeSet<>();
    Random random = new Random(20);
    long smallest = 1;
    for (int digits = 1; digits <= DIGITS; digits++, smallest *= 10) {
      ids.add(smallest);
      ids.add(smallest * 10 - 1);
      while (ids.size() < 5 * digits) {
        ids.add(smallest + random.nextInt((int) (smallest * 9)));
      }
    }
    return new ArrayList<>(ids);
  }

  private Map<String, Object> judge(Corpus.Configuration configuration) throws Exception {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("name", configuration.name);
    Class<?> profiles = Class.forName("org.apache.spark.resource.ResourceProfile$");
    profiles.getMethod("clearDefaultProfile").invoke(profiles.getField("MODULE$").get(null));
    SparkConf conf = configuration.conf();
    try (Heard heard = new Heard(TemplateBook.class)) {
      found.putAll(new Case(configuration, conf).judge(heard));
      found.put("warnings", heard.lines());
    }
    return found;
  }

  private static SecurityManager securityOf(SparkConf conf) {
    SecurityManager security = new SecurityManager(
        conf, SecurityManager.$lessinit$greater$default$2(), SecurityManager.$lessinit$greater$default$3());
    security.initializeAuth();
    return security;
  }

  /** One configuration. */
  private final class Case {
    private final SparkConf conf;
    private final boolean hasDriver;
    private final Corpus.Configuration configuration;
    private final Map<String, Object> found = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();
    private StockPods stock;
    private PodRenderer renderer;
    private ResourceProfile profile;
    private final Map<Long, RenderedPod> sent = new LinkedHashMap<>();

    Case(Corpus.Configuration configuration, SparkConf conf) {
      this.configuration = configuration;
      this.conf = conf;
      hasDriver = configuration.hasDriverPod();
      found.put("problems", problems);
    }

    Map<String, Object> judge(Heard heard) {
      Option<Pod> driver = hasDriver ? Option.apply(driverPod()) : Option.empty();
      Throwable refused = null;
      try {
        profile = configuration.profile(conf);
        SecurityManager security = securityOf(conf);
        stock = new StockPods(conf, security, client, driver, APPLICATION);
        renderer =
            new PodRenderer(conf, security, new KubernetesExecutorBuilder(), client, driver, APPLICATION);
        stock.render(profile, 1);
      } catch (Throwable failure) {
        refused = failure;
      }
      if (refused != null) {
        return refusedBySpark(refused);
      }
      Settings settings = new Settings(conf, name -> null);
      TemplateBook book = open(settings, false);
      Batch.Result verdict = stamper.pending();
      stamper.deliver(book);
      Map<String, Integer> by = new TreeMap<>();
      for (long id : ids()) {
        Stamper.Made made = stamper.stamp(profile.id(), id);
        if (made.by().equals("none")) {
          book.renderFor(profile.id(), id);
          verdict = stamper.pending() == null ? verdict : stamper.pending();
          stamper.deliver(book);
          made = stamper.stamp(profile.id(), id);
        }
        by.merge(made.by(), 1, Integer::sum);
        if (!made.by().equals("none")) {
          compare(id, made);
        }
      }
      found.put("ids", ids().size());
      found.put("by", by);
      found.put("by_setting", settings.renderInDriver);
      if (by.containsKey("none")) {
        found.put("outcome", "agent");
        found.put("path", verdict == null ? "" : TemplateBook.pathOf(verdict.detail));
      } else if (by.containsKey("driver")) {
        found.put("outcome", "driver");
        found.put("path", settings.renderInDriver ? "" : pathIn(heard.lines()));
      } else {
        found.put("outcome", "stamped");
      }
      found.put("policy", policy(settings));
      return found;
    }

    /** The shim refuses what Spark refuses, with the same exception. */
    private Map<String, Object> refusedBySpark(Throwable refused) {
      found.put("outcome", "spark");
      found.put("path", refused.getClass().getSimpleName());
      found.put("message", String.valueOf(refused.getMessage()));
      if (renderer == null) {
        return found;
      }
      try {
        renderer.render(profile, 1);
        problems.add("Spark refuses it (" + refused + "), the shim renders it");
      } catch (Throwable same) {
        if (same.getClass() != refused.getClass()) {
          problems.add("Spark refuses it with " + refused + ", the shim with " + same);
        }
      }
      return found;
    }

    private TemplateBook open(Settings settings, boolean policy) {
      stamper.open(
          Corpus.NAMESPACE, APPLICATION, hasDriver ? "driver-pod" : "", hasDriver ? DRIVER_UID : "", policy);
      TemplateBook book = new TemplateBook(stamper, (resources, id) -> {
        RenderedPod pod = renderer.render(resources, id);
        sent.put(id, pod);
        return pod;
      }, settings, FailureCounter.NONE, () -> 0);
      book.open(profile, policy ? 1 : DIGITS);
      return book;
    }

    /** What the agent says of these pods with the policy that it has by default: null, or path and why. */
    private String policy(Settings settings) {
      open(settings, true);
      Batch.Result verdict = stamper.pending();
      String path = verdict.verdict == Batch.Result.POLICY ? TemplateBook.pathOf(verdict.detail) : null;
      stamper.deliver(
          new TemplateBook(stamper, (resources, id) -> null, settings, FailureCounter.NONE, () -> 0));
      return path;
    }

    private void compare(long id, Stamper.Made made) {
      StockPods.Stock spark = stock.render(profile, id);
      note(id, "pod", expectedPod(id, comparable(spark.pod())), comparable(made.pod()));
      List<String> extras = spark.extras();
      if (extras.size() != made.extras().length) {
        problems.add(
            id + ": " + extras.size() + " more resources by Spark, " + made.extras().length + " made");
        return;
      }
      for (int i = 0; i < extras.size(); i++) {
        Map<String, Object> extra = Canonical.read(extras.get(i));
        identify(extra, id);
        note(id, "extra " + i, extra, Canonical.read(made.extras()[i]));
      }
    }

    private void note(long id, String what, Object expected, Object made) {
      if (!Canonical.text(expected).equals(Canonical.text(made))) {
        problems.add(what + " of " + id + " " + Canonical.difference(expected, made, "$"));
      }
    }

    /** A step that rolls dice makes no pod twice: then it is the one that the driver has rendered. */
    private Map<String, Object> expectedPod(long id, Map<String, Object> pod) {
      if (id == 1
          && !Canonical.text(pod).equals(Canonical.text(comparable(stock.render(profile, id).pod())))) {
        found.put("dice", true);
      }
      if (found.containsKey("dice")) {
        Object owners = Canonical.object(pod, "metadata").get("ownerReferences");
        pod = comparable(new String(sent.get(id).pod, StandardCharsets.UTF_8));
        Canonical.object(pod, "metadata").put("ownerReferences", owners);
      }
      identify(pod, id);
      Canonical.object(Canonical.object(pod, "metadata"), "labels").put("spark-role", "executor");
      for (String key : new String[] {"generateName", "creationTimestamp"}) {
        if (Canonical.object(pod, "metadata").remove(key) != null) {
          found.put("dropped", "$.metadata." + key);
        }
      }
      return pod;
    }

    private Map<String, Object> comparable(String json) {
      Map<String, Object> pod = Canonical.read(json);
      Canonical.orderLocalDirectories(pod);
      return pod;
    }

    /** What the agent adds, and all that it adds. */
    private void identify(Map<String, Object> resource, long id) {
      Map<String, Object> metadata = Canonical.object(resource, "metadata");
      metadata.put("namespace", Corpus.NAMESPACE);
      Map<String, Object> labels = Canonical.object(metadata, "labels");
      labels.put("outrigger-nonce", Stamper.NONCE);
      if (!"Pod".equals(resource.get("kind"))) {
        labels.put("spark-exec-id", Long.toString(id));
        labels.put("spark-exec-resourceprofile-id", Integer.toString(profile.id()));
      }
    }
  }

  private static String pathIn(List<String> warnings) {
    for (String line : warnings) {
      int at = line.indexOf("(at ");
      if (at >= 0) {
        return line.substring(at + 4, line.indexOf(')', at));
      }
    }
    return "";
  }

  private static Pod driverPod() {
    return new PodBuilder()
        .withNewMetadata()
        .withName("driver-pod")
        .withNamespace(Corpus.NAMESPACE)
        .withUid(DRIVER_UID)
        .endMetadata()
        .build();
  }
}

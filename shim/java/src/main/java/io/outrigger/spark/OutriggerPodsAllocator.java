package io.outrigger.spark;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfile$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.cluster.k8s.AbstractPodsAllocator;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsLifecycleManager;
import org.apache.spark.scheduler.cluster.k8s.ExecutorPodsSnapshotsStore;
import org.apache.spark.scheduler.cluster.k8s.KubernetesClusterSchedulerBackend;
import org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBuilder;
import org.apache.spark.util.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import scala.Tuple2;

/**
 * Spark's pods allocator on Outrigger: set {@code spark.kubernetes.allocation.pods.allocator} to this class.
 * It renders and hands on; every decision is the agent's.
 *
 * <p>Threads. Constructor and {@code start}: the SparkContext's. {@code setTotalExpectedExecutors}: any,
 * under the backend's monitor; never renders, waits or takes a lock (S25). {@code isDeleted}: any, never
 * waits. {@code stop}: any, bounded.
 */
public final class OutriggerPodsAllocator extends AbstractPodsAllocator {
  private static final Logger LOG = LoggerFactory.getLogger(OutriggerPodsAllocator.class);
  private static final String PREFIX = "spark.kubernetes.";

  private final SparkConf conf;
  private final SecurityManager security;
  private final KubernetesExecutorBuilder builder;
  private final KubernetesClient client;
  private final ExecutorPodsSnapshotsStore store;
  private final Clock clock;
  private final Settings settings;
  private final SparkVersion version = SparkVersion.running();
  private final String namespace;
  private final Option<Pod> driverPod;

  private final Map<Integer, Integer> targets =
      new ConcurrentHashMap<>(); // absent profiles keep theirs, as in Spark
  private final Map<Integer, ResourceProfile> profiles = new ConcurrentHashMap<>();
  private final Deletions deletions = new Deletions();
  private volatile Object lifecycleManager;
  private volatile Running running;
  private volatile boolean accepted;

  /**
   * The constructor that Spark looks for. Fails the application's start with one line when Outrigger cannot
   * work here (S23).
   */
  public OutriggerPodsAllocator(SparkConf conf, SecurityManager security, KubernetesExecutorBuilder builder,
      KubernetesClient client, ExecutorPodsSnapshotsStore store, Clock clock) throws SparkException {
    this.conf = conf;
    this.security = security;
    this.builder = builder;
    this.client = client;
    this.store = store;
    this.clock = clock;
    settings = new Settings(conf, System::getenv);
    namespace = conf.get(PREFIX + "namespace", "default");
    NativeLibrary.load(settings.nativeLibrary);
    driverPod = readDriverPod();
    // Read by Spark's own sources after this: the agent watches, nobody else needs to.
    conf.set(PREFIX + "executor.enableApiPolling", "false");
    conf.set(PREFIX + "executor.enableApiWatcher", "false");
    Unsupported.warn(conf);
  }

  private Option<Pod> readDriverPod() throws SparkException {
    String name = conf.get(PREFIX + "driver.pod.name", "");
    if (name.isEmpty()) {
      return Option.empty();
    }
    Pod pod = podNamed(name);
    if (pod == null) {
      throw new SparkException("No pod was found named " + name + " in the cluster in the namespace "
          + namespace + " (this was supposed to be the driver pod).");
    }
    return Option.apply(pod);
  }

  private Pod podNamed(String name) {
    return client.pods().inNamespace(namespace).withName(name).get();
  }

  private void awaitDriverPod() {
    if (driverPod.isDefined()) {
      DriverReadiness.await(conf, () -> podNamed(driverPod.get().getMetadata().getName()), Thread::sleep);
    }
  }

  @Override
  public Option<Pod> driverPod() {
    return driverPod;
  }

  /** Spark 4.2 and later calls this after the constructor; earlier ones do not have it. */
  public void setExecutorPodsLifecycleManager(ExecutorPodsLifecycleManager manager) {
    lifecycleManager = manager;
  }

  @Override
  public void start(String applicationId, KubernetesClusterSchedulerBackend backend) {
    long beginNs = System.nanoTime();
    ResourceProfile standard = ResourceProfile$.MODULE$.getOrCreateDefaultProfile(conf);
    profiles.putIfAbsent(standard.id(), standard);
    FailureCounter failures = failureCounter(backend);
    PodRenderer renderer = new PodRenderer(conf, security, builder, client, driverPod, applicationId);
    long graceS = renderer.terminationGraceS(
        standard); // the first rendering: what Spark cannot render fails here, aloud
    Channel channel = Channel.open(settings, applicationId, version.text);
    try {
      channel.policy(new AllocationPolicy(conf, settings, graceS).toNative());
      TemplateBook templates = new TemplateBook(
          agentOf(channel), renderer::render, settings, failures, () -> System.nanoTime() / 1_000_000);
      templates.review(TemplateKey.of(conf));
      templates.open(standard, ShimThread.DIGITS_AT_START);
      SparkSide spark = new SparkBackend(store, backend, conf, version);
      SnapshotFeed feed = feedOf(spark, channel, applicationId, failures);
      ShimThread thread = new ShimThread(
          channel, spark, feed, templates, deletions, failures, conf, () -> postTargets(channel));
      Running now = new Running(channel, thread, settings.stopTimeoutMs);
      running = now;
      if (!AllocationPolicy.deletesOnTermination(conf)) {
        now.closeWithTheApplication(SparkBackend.contextOf(backend)); // Spark never calls stop() then (S27)
      } else {
        wantNoneAtTheEnd(SparkBackend.contextOf(backend), channel);
      }
      awaitDriverPod();
      thread.start();
    } catch (RuntimeException failure) {
      running = null;
      channel.close();
      throw failure;
    }
    long tookMs = (System.nanoTime() - beginNs) / 1_000_000;
    LOG.info("outrigger: executors of {} are managed by the agent of {}; started in {} ms", applicationId,
        settings.runDirectory, tookMs);
  }

  /**
   * Executors leave when the context stops them, before {@code stop()} is called: nobody is to take their
   * places meanwhile.
   */
  private void wantNoneAtTheEnd(SparkContext context, Channel channel) {
    if (context == null) {
      return;
    }
    context.addSparkListener(new SparkListener() {
      @Override
      public void onApplicationEnd(SparkListenerApplicationEnd end) {
        try {
          targets.replaceAll((profile, executors) -> 0);
          postTargets(channel);
        } catch (RuntimeException failure) {
          LOG.debug("outrigger: the channel was closed before the application's end", failure);
        }
      }
    });
  }

  private SnapshotFeed feedOf(
      SparkSide spark, Channel channel, String applicationId, FailureCounter failures) {
    String container =
        conf.get(PREFIX + "executor.podTemplateContainerName", SyntheticPods.DEFAULT_CONTAINER);
    return new SnapshotFeed(spark, new SyntheticPods(namespace, applicationId, container), failures,
        exitClass
        -> channel.name(Natives.EXIT_CLASS, (int) exitClass),
        channel::whyNotFresh, conf.getTimeAsMs(PREFIX + "executor.apiPollingInterval", "30s"),
        conf.getTimeAsMs(PREFIX + "executor.missingPodDetectDelta", "30s"));
  }

  private TemplateBook.Agent agentOf(Channel channel) {
    return new TemplateBook.Agent() {
      @Override
      public long template(int profile, int revision, int digits, RenderedPod[] samples) {
        return channel.template(profile, revision, digits, samples);
      }

      @Override
      public long rendered(int profile, RenderedPod pod) {
        return channel.rendered(profile, pod);
      }

      @Override
      public int target(int profile) {
        return targets.getOrDefault(profile, 0);
      }
    };
  }

  /** Where each Spark version counts, and where it leaves a gap (S13). */
  private FailureCounter failureCounter(KubernetesClusterSchedulerBackend backend) {
    if (!version.atLeast(4, 0)) {
      // Off the shim's thread: shutdown hooks stop the context, which waits for that thread.
      return new TrackedFailures(
          conf, clock, code -> new Thread(() -> System.exit(code), "outrigger-exit").start());
    }
    try {
      return new LifecycleManagerFailures(
          lifecycleManager != null ? lifecycleManager : SparkBackend.lifecycleManagerOf(backend));
    } catch (ReflectiveOperationException | RuntimeException hidden) {
      return FailureCounter.NONE;
    }
  }

  @Override
  public void setTotalExpectedExecutors(scala.collection.immutable.Map<ResourceProfile, Object> wanted) {
    Running now = running;
    scala.collection.Iterator<Tuple2<ResourceProfile, Object>> entries = wanted.iterator();
    while (entries.hasNext()) {
      Tuple2<ResourceProfile, Object> entry = entries.next();
      ResourceProfile profile = entry._1();
      int executors = (Integer) entry._2();
      targets.put(profile.id(), executors);
      if (profiles.putIfAbsent(profile.id(), profile) == null && now != null) {
        now.thread.profile(profile);
      }
      if (now != null && accepted) {
        post(now.channel, profile.id(), executors);
      }
    }
  }

  /**
   * No target is posted before this, so that what the agent shows until then is known to be another driver's
   * (S8). Thread of the shim.
   */
  private void postTargets(Channel channel) {
    accepted = true; // first: whoever changes a target from now on posts it, too
    for (Integer profile : targets.keySet()) {
      Integer posted;
      do {
        posted = targets.get(profile);
        post(channel, profile, posted);
      } while (!posted.equals(targets.get(profile))); // changed and posted in between: ours was the older one
    }
  }

  /**
   * A post is a write into memory; what the library refuses is a warning, never an exception in the
   * scheduler.
   */
  private static void post(Channel channel, int profile, int executors) {
    try {
      channel.target(profile, executors);
    } catch (ChannelException refused) {
      LOG.warn(
          "outrigger: {} executors of resource profile {}: {}", executors, profile, refused.getMessage());
    }
  }

  @Override
  public boolean isDeleted(String executorId) {
    return deletions.contains(executorId);
  }

  @Override
  public void stop(String applicationId) {
    Running now = running;
    if (now != null) {
      now.drainAndClose();
    }
  }
}

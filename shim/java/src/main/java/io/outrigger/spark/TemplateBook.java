package io.outrigger.spark;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.spark.resource.ResourceProfile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which renderings the agent has been given, and what it asks for. Each posted template proves itself by five
 * pods (S2); what the agent finds not to derive from the id it asks for pod by pod (S3). Thread of the shim,
 * after {@code start()}.
 */
final class TemplateBook {
  /**
   * A length that is wanted again although it was posted: the agent dropped it together with a refused one.
   */
  static final long REPOST_MS = 5_000;

  private static final Logger LOG = LoggerFactory.getLogger(TemplateBook.class);

  /** Renders and posts; tests script it. */
  interface Agent {
    long template(int profile, int revision, int digits, RenderedPod[] samples);

    long rendered(int profile, RenderedPod pod);

    /** Executors that Spark wants of the profile. */
    int target(int profile);
  }

  interface Renderer {
    RenderedPod render(ResourceProfile profile, long executorId);
  }

  private static final class Posted {
    long atMs;
  }

  private final Agent agent;
  private final Renderer renderer;
  private final boolean renderInDriver;
  private final int auditOneIn;
  private final FailureCounter failures;
  private final LongSupplier clockMs;

  private final Map<Integer, ResourceProfile> profiles = new HashMap<>();
  private final Map<String, Posted> posted = new HashMap<>(); // "profile/digits" of this revision
  private final Map<Long, Integer> commands = new HashMap<>(); // that wait for a verdict: profile
  private final Map<Integer, String> told = new HashMap<>(); // the last warning of each profile
  private final Map<Integer, Long> countedMs = new HashMap<>(); // when a profile's refusal was counted
  private final Set<Integer> rendered =
      new HashSet<>(); // profiles whose pods the agent found not to derive, in this revision
  private TemplateKey key;
  private int revision = 1;
  private long audited;

  TemplateBook(
      Agent agent, Renderer renderer, Settings settings, FailureCounter failures, LongSupplier clockMs) {
    this(agent, renderer, settings.renderInDriver, settings.auditOneIn, failures, clockMs);
  }

  TemplateBook(Agent agent, Renderer renderer, boolean renderInDriver, int auditOneIn,
      FailureCounter failures, LongSupplier clockMs) {
    this.agent = agent;
    this.renderer = renderer;
    this.renderInDriver = renderInDriver;
    this.auditOneIn = auditOneIn;
    this.failures = failures;
    this.clockMs = clockMs;
  }

  int revision() {
    return revision;
  }

  /**
   * A profile that may get executors; posts its templates for ids of 1 to {@code digits} digits (S24).
   * Throws what the builder throws.
   */
  void open(ResourceProfile profile, int digits) {
    if (profiles.putIfAbsent(profile.id(), profile) != null) {
      return;
    }
    for (int d = 1; d <= (renderInDriver ? 1 : digits); d++) {
      post(profile, d);
    }
  }

  boolean knows(int profile) {
    return profiles.containsKey(profile);
  }

  /** Another key than before: everything is rendered again under a new revision (S4). */
  void review(TemplateKey now) {
    if (now.equals(key)) {
      return;
    }
    boolean first = key == null;
    key = now;
    if (first) {
      return;
    }
    revision++;
    Map<String, Posted> old = new HashMap<>(posted);
    posted.clear();
    rendered.clear();
    for (String which : old.keySet()) {
      String[] parts = which.split("/");
      tryToPost(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
    }
  }

  /** The agent wants templates: bit d = ids of d digits. */
  void wanted(int profile, int mask) {
    for (int digits = 1; digits <= SampleIds.DIGITS; digits++) {
      if ((mask >> digits & 1) == 0 || !profiles.containsKey(profile)) {
        continue;
      }
      Posted before = posted.get(profile + "/" + digits);
      if (before == null || clockMs.getAsLong() - before.atMs >= REPOST_MS) {
        tryToPost(profile, digits);
      }
    }
  }

  /** The agent wants this pod itself. */
  void renderFor(int profile, long executorId) {
    ResourceProfile resources = profiles.get(profile);
    if (resources == null) {
      return; // of another driver's time
    }
    try {
      commands.put(agent.rendered(profile, renderer.render(resources, executorId)), profile);
    } catch (RuntimeException failure) {
      cannotRender(profile, failure);
    }
  }

  /** One in N created pods is rendered for real and compared, by the agent, with what it stamps (S2). */
  void audit(int profile, long executorId) {
    if (auditOneIn == 0 || renderInDriver || ++audited % auditOneIn != 0 || !profiles.containsKey(profile)) {
      return;
    }
    try {
      int digits = SampleIds.digitsOf(executorId);
      send(profile, digits, samples(profiles.get(profile), SampleIds.around(executorId)));
    } catch (RuntimeException failure) {
      cannotRender(profile, failure);
    }
  }

  void result(Batch.Result result, String verdictName) {
    Integer profile = commands.remove(result.command);
    if (profile == null || result.verdict == Batch.Result.ACCEPTED
        || result.verdict == Batch.Result.SUPERSEDED) {
      return;
    }
    if (result.verdict == Batch.Result.TEMPLATE) {
      if (rendered.add(profile)) { // each length is refused for itself; one warning is enough
        LOG.warn("outrigger: pods of resource profile {} do not derive from the executor id (at {}); each is "
                 + "rendered in the driver from now on. {}=driver"
                + " says so from the start",
            profile, pathOf(result.detail), Settings.RENDERING);
      }
      return;
    }
    warnOnce(profile,
        "outrigger: the agent refuses the pods of resource profile " + profile + " (" + verdictName
            + "): " + result.detail + "; change the pod's settings, or the agent's pod policy");
    countRefused(profile);
  }

  /** The agent's line goes on with the values that differ, which may be secret (S5). */
  static String pathOf(String detail) {
    int end = detail.indexOf(": ");
    return end < 0 ? detail : detail.substring(0, end);
  }

  private void tryToPost(int profile, int digits) {
    try {
      post(profiles.get(profile), digits);
    } catch (RuntimeException failure) {
      Posted attempt = new Posted();
      attempt.atMs = clockMs.getAsLong();
      posted.put(profile + "/" + digits, attempt);
      cannotRender(profile, failure);
    }
  }

  private void post(ResourceProfile profile, int digits) {
    if (renderInDriver) {
      // One rendered pod tells the agent that this profile is rendered here; it asks for the others.
      RenderedPod first = renderer.render(profile, SampleIds.ofDigits(digits)[0]);
      commands.put(agent.rendered(profile.id(), first), profile.id());
      remember(profile.id(), digits);
      return;
    }
    send(profile.id(), digits, samples(profile, SampleIds.ofDigits(digits)));
  }

  private void send(int profile, int digits, RenderedPod[] samples) {
    commands.put(agent.template(profile, revision, digits, samples), profile);
    remember(profile, digits);
  }

  private void remember(int profile, int digits) {
    Posted now = new Posted();
    now.atMs = clockMs.getAsLong();
    posted.put(profile + "/" + digits, now);
  }

  private RenderedPod[] samples(ResourceProfile profile, long[] ids) {
    RenderedPod[] samples = new RenderedPod[ids.length];
    for (int i = 0; i < ids.length; i++) {
      samples[i] = renderer.render(profile, ids[i]);
    }
    return samples;
  }

  /** A clear failure that counts, not an endless wait (S3, S13). */
  private void cannotRender(int profile, RuntimeException failure) {
    warnOnce(profile, "outrigger: Spark cannot render a pod of resource profile " + profile + ": " + failure);
    countRefused(profile);
  }

  /**
   * Every executor that is wanted of the profile, at each try, so that Spark's failure limit ends the
   * application after a few tries, however many executors it has. The lengths of one try are refused together.
   */
  private void countRefused(int profile) {
    long nowMs = clockMs.getAsLong();
    Long before = countedMs.get(profile);
    int executors = agent.target(profile);
    if (executors > 0 && (before == null || nowMs - before >= REPOST_MS)) {
      countedMs.put(profile, nowMs);
      failures.refused(executors);
    }
  }

  private void warnOnce(int profile, String text) {
    if (!text.equals(told.put(profile, text))) {
      LOG.warn(text);
    }
  }
}

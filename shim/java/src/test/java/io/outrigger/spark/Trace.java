package io.outrigger.spark;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What happens to one application, step by step, for two allocators to be compared by (S16). An executor is
 * named by its profile and by which one of that profile it is, in the order of creation: ids may differ. A
 * step is one second unless it says otherwise; pods are shown (Pending) in the step after their create,
 * unless they are hidden.
 */
final class Trace {
  /** A pod as the server shows it: pending, running, succeeded, failed, gone. */
  record Shown(long id, int profile, String state) {}

  /** Creates as (id, profile) or (id, profile, id of the executor whose claim it mounts), deletes as ids. */
  record Decided(List<long[]> creates, List<Long> deletes) {}

  /** An allocator. */
  interface Side extends AutoCloseable {
    String name();

    Decided step(long nowMs, Map<Integer, Integer> targets, Set<Long> known, List<Shown> shown);
  }

  record Key(int profile, int number) {}

  static final class Step {
    private final String what;
    private long lastsMs = 1_000;
    private final Map<Integer, Integer> targets = new TreeMap<>();
    private final Map<Key, String> states = new HashMap<>();
    private final Set<Key> registered = new HashSet<>();
    private final Set<Key> hidden = new HashSet<>();
    private final Set<Key> found = new HashSet<>();
    private String because;

    Step(String what) {
      this.what = what;
    }

    Step target(int profile, int executors) {
      targets.put(profile, executors);
      return this;
    }

    Step lasts(long ms) {
      lastsMs = ms;
      return this;
    }

    /** From the first to the last one of the profile, counted from 1. */
    Step show(int profile, int first, int last, String state) {
      for (int i = first; i <= last; i++) {
        states.put(new Key(profile, i), state);
      }
      return this;
    }

    /** The scheduler knows them from now on. */
    Step register(int profile, int first, int last) {
      for (int i = first; i <= last; i++) {
        registered.add(new Key(profile, i));
      }
      return this;
    }

    /** Created earlier or in this step, and not shown until they are found. */
    Step hide(int profile, int first, int last) {
      for (int i = first; i <= last; i++) {
        hidden.add(new Key(profile, i));
      }
      return this;
    }

    /** The two differ here, and this is why. */
    Step differs(String why) {
      because = why;
      return this;
    }
  }

  /** What one side has after a step. */
  private static final class View {
    private final Side side;
    private final Map<Key, Long> ids = new HashMap<>();
    private final Map<Integer, Integer> made = new TreeMap<>();
    private final Map<Long, String> alive = new TreeMap<>();
    private final Set<Long> unseen = new HashSet<>();
    private final Set<Key> known = new HashSet<>();
    private final Set<Long> removed = new HashSet<>();
    private final Map<Long, Key> everyone = new HashMap<>();
    private final List<String> claims = new ArrayList<>();
    private int deletes;

    View(Side side) {
      this.side = side;
    }

    private String step(long nowMs, Step step, Set<Key> hidden) {
      List<Shown> shown = new ArrayList<>();
      for (Map.Entry<Key, Long> each : ids.entrySet()) {
        Key key = each.getKey();
        long id = each.getValue();
        if (removed.contains(id)) {
          shown.add(new Shown(id, key.profile, "gone"));
          continue;
        }
        String state = step.states.get(key);
        if (!alive.containsKey(id) && state == null || hidden.contains(key)) {
          continue;
        }
        if (state == null && unseen.contains(id)) {
          state = "pending";
        }
        if (state != null) {
          unseen.remove(id);
          shown.add(new Shown(id, key.profile, state));
          if (!state.equals("pending") && !state.equals("running")) {
            alive.remove(id);
          }
        }
      }
      for (long id : removed) {
        ids.values().remove(id);
      }
      removed.clear();
      shown.sort(Comparator.comparingLong(Shown::id));
      known.addAll(step.registered);
      Set<Long> knownIds = new HashSet<>();
      known.forEach(key -> {
        Long id = ids.get(key);
        if (id != null && alive.containsKey(id)) {
          knownIds.add(id);
        }
      });
      Decided decided = side.step(nowMs, step.targets, knownIds, shown);
      claims.clear();
      for (long[] create : decided.creates()) {
        int profile = (int) create[1];
        Key key = new Key(profile, made.merge(profile, 1, Integer::sum));
        ids.put(key, create[0]);
        everyone.put(create[0], key);
        if (create.length > 2) {
          Key owner = everyone.get(create[2]);
          claims.add(owner.equals(key) ? "new" : "that of " + owner.number);
        }
        alive.put(create[0], "");
        unseen.add(create[0]);
      }
      for (long id : decided.deletes()) {
        if (knownIds.contains(id)) {
          throw new AssertionError(
              side.name() + " deletes executor " + id + ", which is registered: " + step.what);
        }
        deletes += alive.remove(id) == null ? 0 : 1;
        removed.add(id);
      }
      return text();
    }

    private String text() {
      Map<Integer, Integer> byProfile = new TreeMap<>();
      ids.forEach((key, id) -> byProfile.merge(key.profile, alive.containsKey(id) ? 1 : 0, Integer::sum));
      claims.sort(Comparator.naturalOrder());
      return "alive " + byProfile + ", made " + made + ", deleted " + deletes
          + (claims.isEmpty() ? "" : ", claims " + claims);
    }
  }

  private final List<Step> steps = new ArrayList<>();

  Step step(String what) {
    Step step = new Step(what);
    steps.add(step);
    return step;
  }

  /** The differences that were not announced, and those that were and are none. */
  List<String> run(Side stock, Side agent) {
    List<String> wrong = new ArrayList<>();
    View left = new View(stock);
    View right = new View(agent);
    Set<Key> hidden = new HashSet<>();
    long nowMs = 1_000;
    for (Step step : steps) {
      nowMs += step.lastsMs;
      hidden.addAll(step.hidden);
      step.states.keySet().forEach(hidden::remove);
      String a = left.step(nowMs, step, hidden);
      String b = right.step(nowMs, step, hidden);
      if (a.equals(b) == (step.because != null)) {
        wrong.add(step.what + " " + step.targets + step.states + step.registered + ": " + stock.name() + " "
            + a + "; " + agent.name() + " " + b
            + (step.because == null ? "" : ": no difference by '" + step.because + "'"));
      }
    }
    return wrong;
  }
}

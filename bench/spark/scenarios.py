"""What is compared. Each scenario runs the contestants one after another, each with a fresh control plane."""
import time

import start
from contestants import ALL, OUTRIGGER, STOCK, TUNED
from controlplane import ControlPlane
from bench_driver import Driver, Problem, number_of


class Stage:
    """Where the runs of this evening live, and what they found by scenario and contestant."""

    def __init__(self, tools, directory, figures, contestants=ALL):
        self.tools, self.directory, self.figures, self.contestants = tools, directory, figures, contestants
        self.found, self.references = {}, {}

    def jvm_cpu_s(self, contestant, run):
        """What the executors cost the driver: its CPU until 3 s after the last one ran, less that of a driver with one executor."""
        if not run:
            return None
        if contestant.name not in self.references:
            one = self.run("reference-1", contestant, lambda place: start.measure(self.tools, contestant, 1, place, settle=0))
            self.references[contestant.name] = one["jvm_cpu_total_s"]
        return max(0.0, run["jvm_cpu_total_s"] - self.references[contestant.name])

    def run(self, scenario, contestant, body):
        """`body(directory)` gives a dict; one that fails is a line and an empty dict, so that the others go on."""
        place = self.directory / f"{scenario}-{contestant.name.replace(', ', '-').lower()}"
        print(f"   {scenario}: {contestant.name} ...", flush=True)
        begin = time.monotonic()
        found = body(place)
        print(f"   {scenario}: {contestant.name} took {time.monotonic() - begin:.0f} s", flush=True)
        self.found.setdefault(scenario, {})[contestant.name] = found
        return found

    def each(self, scenario, executors, **how):
        return {c.name: self.run(scenario, c, lambda place, c=c: start.measure(self.tools, c, executors, place, **how)) for c in self.contestants}


def begin(stage, executors, front=False, settle=start.SETTLE_S, label=None, **how):
    """From nothing to N Running executors, beside the bare load generator with the same pods."""
    scenario = label or f"start-{executors}"
    runs = stage.each(scenario, executors, front=front, settle=settle, **how)
    ours, tuned, stock = (runs.get(c.name, {}) for c in (OUTRIGGER, TUNED, STOCK))
    floor = bare(stage, scenario, executors, front, how.get("faults") or {}) if ours else {}
    title = f"{executors} executors" + (f", {label}" if label else "")
    add = stage.figures.add
    add(f"{title}: first to last POST", ours.get("first_to_last_post_s"), "s", "stock", stock.get("first_to_last_post_s"), at_most=1 / 20)
    add(f"{title}: first to last POST", ours.get("first_to_last_post_s"), "s", "stock, tuned", tuned.get("first_to_last_post_s"), at_most=1 / 7)
    add(f"{title}: first POST to all Running in Spark's snapshots", ours.get("shown_s"), "s", "bare load generator", floor.get("running_s"), at_most=1.25)
    add(f"{title}: first POST to all Running in Spark's snapshots", ours.get("shown_s"), "s", "stock", stock.get("shown_s"))
    for run in (ours, tuned, stock):
        if run:
            add(f"{title}: POSTs, {run['contestant']}", run["posts"], "", "executors", executors, exactly=1 if run is ours else None)
    our_cpu, stock_cpu = stage.jvm_cpu_s(OUTRIGGER, ours), stage.jvm_cpu_s(STOCK, stock)
    add(f"{title}: driver CPU", our_cpu, "s", "stock", stock_cpu, at_most=1 / 5)
    add(f"{title}: driver and agent CPU", our_cpu + ours["agent_cpu_s"] if ours else None, "s", "stock", stock_cpu)
    if settle >= start.SETTLE_S:
        add(f"{title}: LISTs in {settle} s afterwards", ours.get("lists_afterwards"), "", at_most=0)
    add(f"{title}: live heap of the driver", ours.get("heap_mb"), "MB", "stock", stock.get("heap_mb"))
    for run in (ours, tuned, stock):
        if run:
            add(f"{title}: pods left after stop(), {run['contestant']}", run["pods_left"], "", at_most=0 if run is ours else None, note=f"driver gone after {run['stop_s'] or -1:.1f} s")
    if front:
        add(f"{title}: bytes per executor", per_executor(ours, executors, "outrigger-agent"), "kB", "stock", per_executor(stock, executors, "fabric8-kubernetes-client"), at_most=0.9)


def bare(stage, scenario, executors, front, faults):
    """Two runs, the better one: a floor is what is possible."""
    pod = stage.directory / f"{scenario}-{OUTRIGGER.name.lower()}" / "pod.json"
    results = []
    for turn in range(2):
        with ControlPlane(stage.tools.control_plane, stage.directory / f"{scenario}-bare-{turn}") as plane:
            plane.faults(**faults)
            results.append(start.bare(stage.tools, plane, pod, executors, front=front))
    stage.found[scenario]["bare"] = results
    return min(results, key=lambda result: result["running_s"])


def per_executor(run, executors, program):
    if not run:
        return None
    return sum(c["sent"] + c["received"] for name, c in run["traffic"].items() if name.startswith(program)) / executors / 1e3


def refusals(stage, executors, status, settle=0):
    """3 % of the POSTs are refused, with Retry-After where that is usual."""
    retry_after = 1 if status == 429 else 0
    runs = stage.each(f"refused-{status}", executors, front=True, settle=settle,
                      faults={"refuse": [{"status": status, "share": 0.03, "retry_after_s": retry_after}], "seed": 7})
    for name, run in runs.items():
        refused = sum(count["refused"] for count in run["traffic"].values())
        early = sum(count["early"] for count in run["traffic"].values())
        ours = name == OUTRIGGER.name
        stage.figures.add(f"3 % {status}, {executors} executors: first POST to all Running, {name}", run["running_s"], "s", note=f"{refused} refused")
        stage.figures.add(f"3 % {status}, {executors} executors: POSTs that made a pod, {name}", run["posts"], "", "executors", executors, exactly=1 if ours else None)
        if retry_after:
            stage.figures.add(f"3 % {status}: POSTs repeated before Retry-After, {name}", early, "", at_most=0 if ours else None)


def harmed_watch(stage, executors, how):
    """The watch is harmed once most pods are created; they become Running 5 s after they were bound."""
    most = executors * 6 // 10

    def body(contestant, place):
        with Driver(stage.tools, contestant, executors, place, front=True, mood={"start_delay_ms": 5000}) as driver:
            driver.wait(f"{most} created pods", 300, lambda: len(driver.names("ADDED")) >= most, every=0.02)
            driver.plane.harm_watches(how)
            harmed = time.time()
            driver.wait("all pods created", 300, lambda: len(driver.names("ADDED")) >= executors)
            driver.until_running()
            ran = driver.names("Running")
            try:
                driver.wait("Spark's view", 90, lambda: len(start.running_in_spark(driver)) >= executors)
            except Problem:
                pass
            shown = start.running_in_spark(driver)
            posts = sorted(r.begun for r in driver.requests() if r.kind == "create pods" and r.code == 201)
            lag = max((shown[n] - ran[name] for name in ran if (n := number_of(name)) in shown), default=None)
            return {"first_to_last_post_s": posts[-1] - posts[0], "lag_s": lag if len(shown) >= executors else None, "posts": len(posts),
                    "all_shown_after_s": max(shown.values()) - harmed if len(shown) >= executors else None,
                    "watches": sum(c["requests"] for name, c in driver.plane.traffic().items() if name.endswith("watch pods"))}

    for contestant in stage.contestants:
        run = stage.run(f"watch-{how}", contestant, lambda place, c=contestant: body(c, place))
        ours = contestant is OUTRIGGER
        add = stage.figures.add
        add(f"watch {how}, {executors} executors: first to last POST, {contestant.name}", run["first_to_last_post_s"], "s")
        add(f"watch {how}: a pod Running to Spark's snapshot, the latest, {contestant.name}", run["lag_s"], "s", at_most=45 if ours else None, note=f"{run['watches']} watches, {run['posts']} POSTs")


def unschedulable(stage, executors, seconds=40):
    """Pods that never schedule."""

    def body(contestant, place):
        with Driver(stage.tools, contestant, executors, place, mood={"schedule": False}) as driver:
            driver.wait("all pods created", 300, lambda: len(driver.names("ADDED")) >= executors)
            time.sleep(seconds)
            posts = sorted(r.begun for r in driver.requests() if r.kind == "create pods" and r.code == 201)
            lists = sum(r.kind == "list pods" for r in driver.requests())
            driver.stop()
            return {"first_to_last_post_s": posts[-1] - posts[0], "posts": len(posts), "lists": lists, "pods_left": driver.pods_left()}

    for contestant in stage.contestants:
        run = stage.run("unschedulable", contestant, lambda place, c=contestant: body(c, place))
        stage.figures.add(f"never scheduled, {executors} executors: first to last POST, {contestant.name}", run["first_to_last_post_s"], "s",
                          note=f"{run['posts']} POSTs, {run['lists']} LISTs in {seconds} s, {run['pods_left']} pods left")


def losses(stage, executors, budget=20):
    """Ten executors are deleted, then fifty evicted, with a failure budget of twenty."""

    def body(contestant, place):
        with Driver(stage.tools, contestant, executors, place, settings={"spark.executor.maxNumFailures": budget}) as driver:
            driver.until_running()
            time.sleep(5)
            found = {}
            for cause, count in (("deleted", 10), ("evicted", 50)):
                ended = driver.plane.end(count, cause)
                deadline = time.time() + 20
                while time.time() < deadline and driver.process.poll() is None:
                    time.sleep(0.2)
                known = [seconds for seconds in start.notice(driver, ended, cause) if seconds is not None]
                found[cause] = {"median_s": start.percentile(known, 0.5), "last_s": max(known, default=None), "unseen": count - len(known)}
            found["posts"] = sum(r.kind == "create pods" and r.code == 201 for r in driver.requests())
            driver.stop()
            found["survived"] = driver.facts().get("died") is False  # nothing, if the JVM has ended before
            return found

    for contestant in stage.contestants:
        run = stage.run("losses", contestant, lambda place, c=contestant: body(c, place))
        for cause in ("deleted", "evicted"):
            stage.figures.add(f"{cause} executor to Spark's subscriber, median, {contestant.name}", run[cause]["median_s"], "s", note=f"last {run[cause]['last_s']}, unseen {run[cause]['unseen']}")
        stage.figures.add(f"50 evictions, a budget of {budget} failures: the application lives, {contestant.name}", int(run["survived"]), "", at_least=1 if contestant is OUTRIGGER else None)


def rate(stage, executors, per_second=500):
    """All pods wait in ContainerCreating, then become Running at a steady rate: bare watch to Spark's snapshot subscriber."""

    def body(contestant, place):
        with Driver(stage.tools, contestant, executors, place, mood={"start": False}) as driver:
            driver.wait("all pods created", 300, lambda: len(driver.names("ADDED")) >= executors)
            time.sleep(8)
            driver.plane.kubelet(starts_per_s=per_second)
            driver.until_running()
            driver.wait("Spark's view", 60, lambda: len(start.running_in_spark(driver)) >= executors)
            ran, shown = driver.names("Running"), start.running_in_spark(driver)
            lags = [(shown[number_of(name)] - seconds) * 1e3 for name, seconds in ran.items()]
            reached = (len(ran) - 1) / (max(ran.values()) - min(ran.values()))
            return {"p50_ms": start.percentile(lags, 0.5), "p99_ms": start.percentile(lags, 0.99), "max_ms": max(lags), "per_s": reached}

    for contestant in stage.contestants:
        run = stage.run("rate", contestant, lambda place, c=contestant: body(c, place))
        ours = contestant is OUTRIGGER
        add = stage.figures.add
        add(f"Running at {per_second} a second, seen by a bare watch to Spark's subscriber, p50, {contestant.name}", run["p50_ms"], "ms", note=f"reached {run['per_s']:.0f} a second")
        add(f"Running at {per_second} a second, seen by a bare watch to Spark's subscriber, p99, {contestant.name}", run["p99_ms"], "ms", at_most=10 if ours else None)


SCENARIOS = {
    "start-100": lambda stage: begin(stage, 100),
    "start-1000": lambda stage: begin(stage, 1000),
    "start-2000": lambda stage: begin(stage, 2000),
    "front-1000": lambda stage: begin(stage, 1000, front=True, label="counted"),
    "latency-20": lambda stage: begin(stage, 1000, front=True, settle=0, faults={"create_delay_ms": 20}, label="20 ms"),
    "latency-100": lambda stage: begin(stage, 1000, front=True, settle=0, faults={"create_delay_ms": 100}, label="100 ms"),
    "latency-300": lambda stage: begin(stage, 1000, front=True, settle=0, faults={"create_delay_ms": 300}, label="300 ms"),
    "refused-429": lambda stage: refusals(stage, 100, 429),
    "refused-500": lambda stage: refusals(stage, 100, 500),
    "watch-cut": lambda stage: harmed_watch(stage, 100, "cut"),
    "watch-swallow": lambda stage: harmed_watch(stage, 100, "swallow"),
    "watch-expire": lambda stage: harmed_watch(stage, 100, "expire"),
    "unschedulable": lambda stage: unschedulable(stage, 100),
    "losses": lambda stage: losses(stage, 100),
    "rate": lambda stage: rate(stage, 1000),
}
QUICK = {"start-50": lambda stage: begin(stage, 50, settle=0)}

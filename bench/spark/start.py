"""From nothing to N Running executors, a pause, and the end: what it took, and who was asked how often."""
import json
import subprocess
import time
from collections import Counter

import cost
from bench_driver import Driver, by_kind, number_of

SETTLE_S = 35  # stock lists all pods every 30 s


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def measure(tools, contestant, executors, directory, settle=SETTLE_S, **how):
    """One driver, a dict of what was found. Times are seconds from the first POST (received by the API server)."""
    with Driver(tools, contestant, executors, directory, **how) as driver:
        driver.until_running()
        time.sleep(3)  # the CPU of what follows the last event belongs to the allocation
        found = {"contestant": contestant.name, "executors": executors, **allocation(driver), "traffic": driver.plane.traffic()}
        settled = time.time()
        time.sleep(settle)
        found |= idle(driver, settled) | memory(driver)
        (directory / "pod.json").write_text(manifest(driver.plane))
        found |= ending(driver)
        (directory / "found.json").write_text(json.dumps(found, indent=1))
        return found


def allocation(driver):
    posts = [request for request in driver.requests() if request.kind == "create pods"]
    made = sorted((request for request in posts if request.code == 201), key=lambda request: request.begun)
    first = made[0].begun
    course = sorted(driver.names("Running").values())
    last_running = course[-1]
    shown = running_in_spark(driver)
    jvm, agent = driver.sampler.between(first, last_running + 3)
    milliseconds = [(request.ended - request.begun) * 1e3 for request in made]
    return {"posts": len(made), "posts_refused": len(posts) - len(made), "first_to_last_post_s": made[-1].begun - first, "running_s": last_running - first,
            "shown_s": max(shown.values()) - first if len(shown) >= driver.executors else None, "begin_to_first_post_s": first - driver.begin,
            "post_p50_ms": percentile(milliseconds, 0.5), "post_p99_ms": percentile(milliseconds, 0.99), "jvm_cpu_s": jvm, "agent_cpu_s": agent,
            "jvm_cpu_total_s": driver.sampler.at(last_running + 3)[0], "course": [round(seconds - first, 3) for seconds in course],
            "requests": dict(by_kind(driver.requests()))}


def running_in_spark(driver):
    """executor id -> when Spark's snapshot subscriber first saw it Running."""
    shown = {}
    for seconds, state, executor in driver.seen():
        if state == "PodRunning":
            shown.setdefault(executor, seconds)
    return shown


def idle(driver, since):
    """After the allocation nothing is left to do."""
    later = [request for request in driver.requests() if request.begun > since]
    return {"idle_requests": dict(by_kind(later)), "lists_afterwards": sum(request.kind == "list pods" for request in later),
            "idle_jvm_cpu_s": driver.sampler.between(since, time.time())[0]}


def memory(driver):
    driver.tell("threads")
    driver.wait("the threads", 30, lambda: "threads" in driver.facts())
    java, agent = driver.java(), driver.sampler.pids.get("agent")
    return {"thread_names": driver.facts()["threads"], "os_threads": cost.threads(java), "heap_mb": cost.live_heap_mb(java), "rss_mb": cost.resident_mb(java),
            "agent_rss_mb": cost.resident_mb(agent) if agent else None}


def ending(driver):
    before = Counter(by_kind(driver.requests()))
    seconds = driver.stop()
    time.sleep(3)  # stock's pods go on ending after its driver
    return {"stop_s": seconds, "exit_code": driver.process.returncode, "pods_left": driver.pods_left(), "died": driver.facts().get("died"),
            "stop_requests": dict(Counter(by_kind(driver.requests())) - before)}


def manifest(plane):
    """An executor's pod as its driver sent it, with @ID@ for the number: what the bare load generator sends."""
    pod = plane.api("GET", "/api/v1/namespaces/spark/pods?limit=1")["items"][0]
    number = pod["metadata"]["labels"]["spark-exec-id"]
    pod["metadata"] = {"name": pod["metadata"]["name"].removesuffix(number) + "@ID@", "labels": {**pod["metadata"]["labels"], "spark-exec-id": "@ID@"}}
    del pod["status"], pod["spec"]["nodeName"]
    return json.dumps(pod).replace(f'"name": "SPARK_EXECUTOR_ID", "value": "{number}"', '"name": "SPARK_EXECUTOR_ID", "value": "@ID@"')


def bare(tools, plane, manifest_file, executors, selector="spark-role=executor", front=False):
    """The load generator against a fresh control plane; its own figures."""
    done = subprocess.run([tools.control_plane, "load", "--kubeconfig", plane.kubeconfig(front=front), "--pod", manifest_file, "--selector", selector, "--count", str(executors)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the load generator ended with {done.returncode}: {done.stderr[-300:]}")
    return json.loads(done.stdout)


def notice(driver, ended, cause):
    """Seconds from the bare watch's event to Spark's subscriber, for pods that ended; None where it was never told."""
    told = {}
    for seconds, state, executor in driver.seen():
        if state in ("PodFailed", "PodDeleted", "PodSucceeded", "PodTerminating", "Absent"):
            told.setdefault(executor, seconds)
    when = driver.names("DELETING" if cause == "deleted" else "Failed")
    return [told[number_of(name)] - when[name] if number_of(name) in told else None for name in ended]

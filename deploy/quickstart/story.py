"""The main job, step by step. Each step ends with a checkpoint: the driver's view against the server's."""
import random
import sys
import time

from processes import Problem, wait_for
from record import Record
from server import AGENT
from stage import LATENCY, NAMESPACE
from verify import some

CREATE_LATENCY_MS = (30, 100)
CREATES_AT_ONCE = 256  # the agent's own bound
# What the server does to a pod is named by the class that must arrive in the driver.
CAUSES = ["app_error", "oom_container", "jvm_oom", "disk", "sigkill_unknown", "preempted", "evicted_api", "node_pressure", "node_lost", "node_shutdown"]
DEATHS = 50
PATIENCE_S = 120  # for one step, on a machine that is busy with something else
REST = 10  # executors that stay when the targets fall


class Progress:
    """One line that is rewritten on a terminal, and a line each two seconds elsewhere."""

    def __init__(self, total):
        self.total, self.begin, self.last = total, time.monotonic(), 0.0

    def __call__(self, counts):
        now = time.monotonic()
        tty = sys.stdout.isatty()
        if now - self.last < (0.1 if tty else 2.0):
            return
        self.last = now
        shown = "  ".join(f"{name} {counts[name]:>4}" for name in ("creating", "pending", "running", "terminating"))
        text = f"  {now - self.begin:5.1f} s  {shown}  of {self.total}"
        print(("\r" if tty else "") + text, end="" if tty else "\n", flush=True)

    def done(self):
        if sys.stdout.isatty():
            print("\r" + " " * 79 + "\r", end="", flush=True)


def say(text):
    print(f"\n{text}", flush=True)


def split(count):
    """Over the two resource profiles, 7 : 3."""
    return {0: count - count * 3 // 10, 1: count * 3 // 10}


def scale(stage, count):
    """Up by targets; down the driver also deletes its own surplus, newest first."""
    for profile, executors in split(count).items():
        stage.driver.say(f"scale {profile} {executors}")
    progress = Progress(count)
    try:
        return stage.until_running(count, PATIENCE_S, progress)
    finally:
        progress.done()


def checkpoint(stage, checks, name):
    rest = stage.until_equal(name)
    checks.expect(not rest, f"the driver's view equals the server's ({name})",
                  f"{len(rest)} differ, driver/server: {some(f'{i}: {a}/{b}' for i, (a, b) in rest.items())}" if rest else f"{len(stage.driver.states())} executors")


def names_by_id(stage):
    return {int(pod["metadata"]["labels"]["spark-exec-id"]): name for name, pod in stage.server_pods().items()}


def no_false_end(stage, checks, when):
    """What the driver was told is over must not be alive on the server (S17)."""
    alive = stage.server_states()
    wrong = {i: end["class"] for i, end in list(stage.driver.ends.items()) if alive.get(i) in ("pending", "running")}
    checks.expect(not wrong, f"no living executor is reported as ended ({when})", f"{len(wrong)} are: {some(f'{i}: {c}' for i, c in wrong.items())}" if wrong else "")


def run(stage, checks, executors):
    say("starting API server (TLS, token, creates take 30 to 100 ms), agent and driver")
    stage.start_server()
    stage.start_agent()
    stage.start_driver()
    waited = stage.ctl("wait", "--for=ready", "--timeout=20s")
    if waited.returncode != 0:
        raise Problem(f"the agent does not get ready: {waited.stderr.strip()}; its last line: {stage.agent.last_words()}")

    up_seconds = scale_up(stage, checks, executors)
    deaths(stage, checks, executors)
    crash(stage, checks, executors)
    drop_watches(stage, checks)
    down_and_drain(stage, checks)
    return account(stage, checks, executors, up_seconds)


def scale_up(stage, checks, executors):
    say(f"two resource profiles, 0 to {executors} executors")
    seconds = scale(stage, executors)
    print(f"  {executors} running after {seconds:.2f} s")
    checkpoint(stage, checks, f"{executors} up")
    return seconds


def deaths(stage, checks, executors):
    say(f"{DEATHS} executors die of {len(CAUSES)} causes, and are replaced")
    running = sorted(i for i, state in stage.driver.states().items() if state == "running")
    victims = random.Random(7).sample(running, DEATHS)
    names = names_by_id(stage)
    injected = {}
    for number, executor in enumerate(victims):
        injected[executor] = CAUSES[number % len(CAUSES)]
        stage.server.die(NAMESPACE, names[executor], injected[executor])
    begin = time.monotonic()
    try:
        wait_for("every death to reach the driver", PATIENCE_S, lambda: all(stage.driver.end_of(i) for i in injected), alive=stage.everyone())
    except Problem as problem:
        checks.fail("every death reaches the driver", f"{problem}; missing {some(i for i in injected if not stage.driver.end_of(i))}")
        return
    wrong = {i: f"{(stage.driver.end_of(i) or {}).get('class')} instead of {wanted}" for i, wanted in injected.items() if (stage.driver.end_of(i) or {}).get("class") != wanted}
    checks.expect(not wrong, "every death is classed as it was injected", some(f"{i}: {text}" for i, text in wrong.items()) if wrong else f"{len(injected)} deaths, {len(CAUSES)} causes")
    stage.until_running(executors, PATIENCE_S)
    print(f"  all replaced {time.monotonic() - begin:.2f} s after the last death")
    checkpoint(stage, checks, "after the deaths")


def crash(stage, checks, executors):
    more = max(50, executors // 5)
    say(f"SIGKILL of the agent in the middle of a scale-up by {more}")
    for profile, count in split(executors + more).items():
        stage.driver.say(f"target {profile} {count}")
    wait_for("the scale-up to be half way", PATIENCE_S, lambda: stage.present() >= executors + more // 2, every=0.001, alive=stage.everyone())
    stage.agent.kill()
    seen = stage.driver.counts["running"]
    answer = stage.ctl("status")
    checks.expect(answer.returncode == 3 and "dead" in answer.stdout, "agentctl reads the state of the dead agent, and says that it is dead", answer.stderr.strip().removeprefix("warning: "))
    checks.expect(stage.driver.alive() and seen >= executors, "the driver keeps its last state", f"{seen} running")
    begin = time.monotonic()
    stage.start_agent()
    progress = Progress(executors + more)
    try:
        stage.until_running(executors + more, PATIENCE_S, progress)
    finally:
        progress.done()
    print(f"  {executors + more} running {time.monotonic() - begin:.2f} s after the new agent started")
    checkpoint(stage, checks, "after the crash")
    no_false_end(stage, checks, "after the crash")


def drop_watches(stage, checks):
    say("the server drops every watch; pods die and the history is compacted before the agent is let in again")
    states = stage.server_states()
    victims = [i for i, state in sorted(states.items()) if state == "running"][:3]
    names = names_by_id(stage)
    lists = Record(stage.server.record()).by_verb(AGENT).get("list", 0)
    stage.server.faults(LATENCY + "faults: [{kind: drop, verb: watch}]\n")
    stage.server.drop_watches()
    for executor in victims:
        stage.server.die(NAMESPACE, names[executor], CAUSES[0])
    stage.server.compact()
    stage.server.faults(LATENCY)
    wait_for("the deaths behind the dropped watch to reach the driver", PATIENCE_S, lambda: all(stage.driver.end_of(i) for i in victims), alive=stage.everyone())
    stage.until_running(len(states), PATIENCE_S)
    checkpoint(stage, checks, "after 410 Gone")
    no_false_end(stage, checks, "after 410 Gone")
    more = Record(stage.server.record()).by_verb(AGENT).get("list", 0) - lists
    checks.expect(more >= 1, "the lost history was replaced by a LIST", f"{more} LIST requests")


def down_and_drain(stage, checks):
    say(f"targets fall to {REST}")
    scale(stage, REST)
    checkpoint(stage, checks, f"{REST} left")
    say("drain")
    begin = time.monotonic()
    stage.driver.say("drain")
    drained = stage.ctl("wait", "--for=drained", "--timeout=30s", seconds=40)
    checks.expect(drained.returncode == 0, "the drain is confirmed", f"{time.monotonic() - begin:.2f} s" if drained.returncode == 0 else drained.stderr.strip())
    left = stage.server_pods()
    checks.expect(not left, "no pod is left on the server", some(left))


def account(stage, checks, executors, up_seconds):
    say("the server's own record")
    stage.driver.say("quit")
    wait_for("the driver to end", 10, lambda: not stage.driver.alive())
    checks.expect(stage.driver.process.returncode == 0, "the driver ends cleanly", f"exit code {stage.driver.process.returncode}")
    code = stage.agent.stop()
    checks.expect(code == 0, "the agent ends cleanly on SIGTERM", f"exit code {code}" + ("" if code == 0 else f": {stage.agent.last_words()}"))
    record = Record(stage.server.record())
    checks.expect(not stage.driver.refused, "no command of the driver was refused", some(stage.driver.refused))
    checks.expect(not stage.driver.notes, "the driver met no error", some(stage.driver.notes))

    twice = record.twice()
    checks.expect(not twice, "no executor id was posted successfully twice", some(f"{i}: {n} times" for i, n in twice.items()) if twice else f"{len(record.posts)} pods created")
    unknown = record.ids() - stage.driver.seen
    checks.expect(not unknown, "every pod that the server made is known to the driver", some(sorted(unknown)))
    checks.expect(stage.server_program.alive(), "the server lived through all of it")

    for program in stage.agents:
        program.measure()
    verbs = record.by_verb(AGENT)
    ideal = executors * sum(CREATE_LATENCY_MS) / 2 / 1000 / CREATES_AT_ONCE
    cpu = sum(p.cpu_seconds for p in stage.agents)
    return [
        (f"{executors} executors running after", f"{up_seconds:.2f} s"),
        ("  first to last POST", f"{record.seconds(0, executors - 1):.2f} s"),
        (f"  ideal: {CREATES_AT_ONCE} creates at a time all along", f"{ideal:.2f} s"),
        ("  20 a second", f"{executors / 20:.1f} s"),
        ("requests by verb", "  ".join(f"{verb} {count}" for verb, count in sorted(verbs.items()))),
        ("  of these LISTs", f"{verbs.get('list', 0)}"),
        ("  creates at a time, at most", f"{record.peak_concurrency()}"),
        ("agent CPU, all incarnations", f"{cpu:.2f} s"),
        ("agent peak RSS", f"{max(p.peak_rss_kib for p in stage.agents) / 1024:.1f} MiB"),
    ]

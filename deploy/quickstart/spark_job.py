"""Stock Spark on this machine, without a cluster: spark-submit through the agent, executors as real processes, then the truth."""
import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[1] / "tests/spark"))  # what the tests run is what is shown here
import install  # noqa: E402
from processes import HERTZ, Problem  # noqa: E402
from record import Record  # noqa: E402
from server import AGENT  # noqa: E402
from sockets import peers  # noqa: E402
from stage import ALL_REGISTERED, REAL_CONF, REAL_KUBELET, Stage  # noqa: E402
from verify import Checks, print_report, some  # noqa: E402

DARTS, TASKS = 4_000_000, 40
PATIENCE_S = 300


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/quickstart.sh", description="Stock Spark on Outrigger, without a cluster.")
    parser.add_argument("--build", required=True, metavar="DIR", help="the build tree")
    parser.add_argument("--executors", type=int, default=3, metavar="N", help="how many executors, each a JVM (default %(default)s)")
    parser.add_argument("--spark", default="4.1", choices=sorted(install.SPARKS), help="line of Spark (default %(default)s)")
    parser.add_argument("--can-run", action="store_true", help="only say whether this machine can: exit code 0, or a reason and 1")
    args = parser.parse_args()
    if not 1 <= args.executors <= 50:
        parser.error("--executors: from 1 to 50, because each is a JVM; --no-spark goes up to 10000")
    return args


def obstacle():
    """Why this machine can't; empty if it can."""
    if os.geteuid() != 0:
        return "pods run as processes in namespaces of their own, which needs root"
    if not shutil.which("java"):
        return "there is no java (Debian package default-jdk-headless)"
    said = subprocess.run(["java", "-version"], check=False, capture_output=True, text=True).stderr
    version = said.split('"')[1].split(".")[0] if '"' in said else ""
    return "" if version.isdigit() and int(version) >= 17 else f"Spark 4 needs Java 17; this is {version or 'unknown'}"


class Table:
    """The agent's own view, rewritten in place on a terminal, printed when it changes elsewhere."""

    def __init__(self, stage, run_directory):
        self.stage, self.run_directory, self.shown, self.lines = stage, run_directory, "", 0
        self.begin = time.monotonic()

    def refresh(self):
        ctl = [self.stage.build / "bin/agentctl", "--run-dir", self.run_directory, "pods"]
        text = subprocess.run(ctl, check=False, capture_output=True, text=True).stdout.rstrip()
        states = [line.split()[:4] for line in text.splitlines()]
        if not text or states == self.shown:
            return
        self.shown = states
        if sys.stdout.isatty() and self.lines:
            print(f"\x1b[{self.lines}A\x1b[J", end="")
        rows = [f"  {time.monotonic() - self.begin:5.1f} s", *("    " + row for row in text.splitlines())]
        self.lines = len(rows)
        print("\n".join(rows), flush=True)


def cpu_seconds(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / HERTZ
    except OSError:
        return None


def agent_pid(job):
    children = Path(f"/proc/{job.process.pid}/task/{job.process.pid}/children").read_text().split()
    return next((int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text().startswith("outrigger-agent")), None)


def watch(stage, job, table):
    """Until the job ends: the table, and what the driver holds open. Returns what was seen."""
    seen = {"peers": None, "cpu": 0.0, "registered": None}
    begin = time.monotonic()
    while job.alive():
        table.refresh()
        ready = [line for line in job.out().splitlines() if line.startswith("READY ")]
        if ready and seen["registered"] is None:
            seen["registered"] = time.monotonic() - begin
            seen["peers"] = peers(int(ready[0].split()[1]))
        seen["cpu"] = cpu_seconds(agent_pid(job) or 0) or seen["cpu"]
        if time.monotonic() - begin > PATIENCE_S:
            raise Problem(f"the job does not end in {PATIENCE_S} s; its last lines: {job.last_words()}")
        time.sleep(0.2)
    return seen


def run(args, checks):
    spark, shim = install.spark(args.build, args.spark), install.shim(args.build)
    executors = args.executors
    print("\nstarting an API server whose kubelet runs pods as processes", flush=True)
    with Stage(args.build, spark, shim, server_arguments=REAL_KUBELET) as stage:
        run_directory = Path("/dev/shm") / f"outrigger-quickstart-{os.getpid()}"
        run_directory.mkdir(mode=0o700)
        print(f"outrigger-agent run -- spark-submit pi.py   (Spark {args.spark}, {executors} executors; logs: {stage.directory})\n", flush=True)
        try:
            begin = time.monotonic()
            job = stage.launch(HERE / "pi.py", DARTS, TASKS, conf={**REAL_CONF, **ALL_REGISTERED, "spark.executor.instances": executors},
                               agent=["--run-dir", run_directory])
            seen = watch(stage, job, Table(stage, run_directory))
            seconds = time.monotonic() - begin
        finally:
            shutil.rmtree(run_directory, ignore_errors=True)
        pi = [float(line.split()[1]) for line in job.out().splitlines() if line.startswith("PI ")]
        record, left = Record(stage.record()), stage.pods()
        print(f"\nthe job says: Pi is roughly {pi[0] if pi else '?'}\n", flush=True)
        checks.expect(job.process.returncode == 0, "the job ends with 0", "" if job.process.returncode == 0 else job.last_words())
        checks.expect(pi and abs(pi[0] - 3.14159) < 0.01, "and its result is right")
        checks.expect(len(record.posts) == executors, "exactly as many POSTs as executors", f"{len(record.posts)} for {executors}")
        checks.expect(not left, "no pod is left on the server", some(left))
        server = stage.server_address()
        checks.expect(seen["peers"] is not None and server not in seen["peers"], "the driver has no connection to the API server")
        verbs = record.by_verb(AGENT)
        return [("executors registered after", f"{seen['registered'] or 0:.1f} s"), ("the whole job", f"{seconds:.1f} s"),
                ("the agent's requests by verb", "  ".join(f"{verb} {count}" for verb, count in sorted(verbs.items()))),
                ("  of these LISTs", str(verbs.get("list", 0))), ("agent CPU", f"{seen['cpu']:.2f} s")]


def main():
    args = arguments()
    reason = obstacle()
    if args.can_run or reason:
        print(reason, end="\n" if reason else "")
        return 1 if reason else 0
    args.build = Path(args.build).resolve()
    (args.build / "spark").mkdir(exist_ok=True)
    checks, begin, facts = Checks(), time.monotonic(), None
    try:
        facts = run(args, checks)
    except (Problem, install.Missing) as problem:
        checks.fail("the job runs to its end", str(problem))
    except KeyboardInterrupt:
        checks.fail("the job runs to its end", "interrupted")
    print_report(facts, checks, time.monotonic() - begin)
    return 0 if checks.all_hold() else 1


if __name__ == "__main__":
    sys.exit(main())

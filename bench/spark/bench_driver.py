"""One driver with a control plane of its own: started, told, measured, ended."""
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
for folder in ("tests/spark", "tests/controlplane", "deploy/quickstart"):
    sys.path.append(str(ROOT / folder))
import cost  # noqa: E402
from controlplane import ControlPlane  # noqa: E402
from processes import Problem, wait_for  # noqa: E402
from stage import facts  # noqa: E402

START_S, EXECUTORS_S, END_S = 180, 900, 240


class Driver:
    """Use as a context. `front`: through the front of the control plane, with its faults, instead of directly."""

    def __init__(self, tools, contestant, executors, directory, front=False, faults=None, mood=None, settings=None):
        self.tools, self.contestant, self.executors, self.front = tools, contestant, executors, front
        self.faults, self.mood = faults or {}, mood or {}
        self.settings = {"spark.executor.instances": executors, **(settings or {})}
        self.directory = Path(directory)
        self.plane = ControlPlane(tools.control_plane, self.directory / "plane")
        self.process = self.sampler = None
        self.pipe = self.directory / "pipe"

    def __enter__(self):
        self.directory.mkdir(parents=True)
        self.plane.__enter__()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        self.plane.faults(**self.faults)
        self.plane.kubelet(**self.mood)
        os.mkfifo(self.pipe)
        command = self.contestant.command(self.tools, self.plane, self.front, self.tools.probe, self.settings, HERE / "hold.py", [self.pipe, self.directory / "probe.log"])
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("KUBE", "SPARK_", "PYSPARK", "OUTRIGGER_")) and "proxy" not in k.lower()}
        spark = self.tools.spark
        environment = {**kept, "SPARK_HOME": str(spark.home), "PYSPARK_PYTHON": str(spark.python), "PYSPARK_DRIVER_PYTHON": str(spark.python), "SPARK_LOCAL_IP": "127.0.0.1"}
        with open(self.directory / "out", "wb") as out, open(self.directory / "err", "wb") as err:
            self.begin = time.time()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, start_new_session=True)
        self.sampler = cost.Sampler(self.process.pid)
        self.wait("the driver's context", START_S, lambda: "probe" in self.facts())
        # Both ends, so that opening it never blocks, here or there.
        self.writer = os.fdopen(os.open(self.pipe, os.O_RDWR), "w", buffering=1)

    def wait(self, what, seconds, check, every=0.1):
        """Until `check` is true; a driver that ends before that is a problem with its last words."""

        def look():
            if check():
                return True
            if self.process.poll() is not None:
                raise Problem(f"{self.contestant.name}: the driver ended with {self.process.returncode}: {self.last_words()} (see {self.directory})")
            return False

        return wait_for(f"{what} of {self.contestant.name} (see {self.directory})", seconds, look, every=every)

    def last_words(self):
        return " | ".join((self.directory / "err").read_text(errors="replace").splitlines()[-3:])[:500]

    def facts(self):
        return facts((self.directory / "out").read_text(errors="replace"))

    def names(self, what):
        """name -> Unix seconds, of the first such event of each pod."""
        found = {}
        for event in self.plane.events():
            if event.what == what:
                found.setdefault(event.name, event.seconds)
        return found

    def until_running(self, seconds=EXECUTORS_S):
        self.wait(f"{self.executors} Running executors", seconds, lambda: len(self.names("Running")) >= self.executors)

    def seen(self):
        """(Unix seconds, state, executor id) as Spark's snapshot subscriber saw them."""
        lines = (self.directory / "probe.log").read_text().split("\n")[:-1]
        return [(int(micros) / 1e6, state, int(number)) for micros, state, number in (line.split(" ") for line in lines)]

    def requests(self):
        """Completed requests of the driver's side, by the API server's audit log."""
        return [Request(entry) for entry in self.plane.audit() if entry["stage"] == "ResponseComplete"]

    def java(self):
        return self.sampler.pids["java"]

    def tell(self, command):
        self.writer.write(command + "\n")

    def stop(self):
        """The context stops, driver (and agent) end; seconds until the process is gone, or None."""
        begin = time.time()
        self.tell("stop")
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            return None
        return time.time() - begin

    def pods_left(self):
        """Pods that nobody has asked to go. The simulated kubelet takes its time with the others."""
        asked = self.names("DELETED") | self.names("DELETING")
        return sum(name not in asked for name in self.names("ADDED"))

    def __exit__(self, *failure):
        if self.sampler:
            self.sampler.stop()
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            for pid in cost.session(self.process.pid):
                os.kill(pid, signal.SIGKILL)
            self.process.wait(10)
        self.plane.__exit__()


class Request:
    """One line of the audit log."""

    def __init__(self, entry):
        self.verb, self.resource = entry["verb"], entry.get("objectRef", {}).get("resource", "other")
        self.code = entry["responseStatus"].get("code", 0)
        self.begun, self.ended = (datetime.fromisoformat(entry[key].replace("Z", "+00:00")).timestamp() for key in ("requestReceivedTimestamp", "stageTimestamp"))
        self.name = entry.get("objectRef", {}).get("name", "")

    @property
    def kind(self):
        return f"{self.verb} {self.resource}"


def by_kind(requests):
    return Counter(request.kind for request in requests)


def number_of(pod_name):
    return int(re.search(r"-(\d+)$", pod_name)[1])

"""One run of stock Spark: server, agent and driver as processes, and what they said."""
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from install import ROOT

sys.path.insert(0, str(ROOT / "deploy/quickstart"))
from processes import Problem, Program, wait_for  # noqa: E402
from server import Server  # noqa: E402

NAMESPACE = "spark"
# The process kubelet: pods are processes of this machine. All have one address, but each its own disk: Spark must not look for
# a neighbour's files.
REAL_KUBELET = ["--kubelet", "process", "--entrypoint", f"spark={ROOT / 'tests/apiserver/kubelet/spark_entrypoint.sh'}"]
REAL_CONF = {"spark.executor.memory": "512m", "spark.shuffle.readHostLocalDisk": "false"}
ALL_REGISTERED = {"spark.scheduler.minRegisteredResourcesRatio": 1, "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s"}


class Stage:
    """Use as a context. Everything it starts ends with it; its directory stays if the test failed."""

    def __init__(self, build, spark, shim, faults="", server_arguments=()):
        self.build, self.spark, self.shim = Path(build), spark, shim
        self.directory = Path(tempfile.mkdtemp(prefix="stage-", dir=self.build / "spark"))
        self.kubeconfig = self.directory / "kubeconfig"
        self.programs = []
        # The process kubelet's containers find Spark where the server does.
        command = ["env", f"SPARK_HOME={spark.home}", f"PYSPARK_PYTHON={spark.python}", self.build / "bin/outrigger-apiserver", "--write-kubeconfig", self.kubeconfig, "--log", "requests", *server_arguments]
        if faults:
            (self.directory / "faults.yaml").write_text(faults)
            command += ["--faults", self.directory / "faults.yaml"]
        self.server_program = self.start("apiserver", command)
        wait_for("the API server's kubeconfig", 20, self.kubeconfig.exists, alive=[self.server_program])
        self.server = Server(self.kubeconfig)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for program in reversed(self.programs):
            program.stop(10)

    def start(self, name, command):
        program = Program(name, command, self.directory)
        self.programs.append(program)
        return program

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("KUBE", "SPARK_", "PYSPARK", "OUTRIGGER_")) and "proxy" not in k.lower()}
        return {**kept, "SPARK_HOME": str(self.spark.home), "PYSPARK_PYTHON": str(self.spark.python), "PYSPARK_DRIVER_PYTHON": str(self.spark.python),
                "SPARK_LOCAL_IP": "127.0.0.1"}

    def launch(self, script, *arguments, conf=(), agent=(), environment=(), options=()):
        """outrigger-agent run -- spark-submit, client mode; a Job. `options` are spark-submit's."""
        settings = {"spark.kubernetes.container.image": "spark", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
                    "spark.ui.enabled": "false", **dict(conf)}
        command = [self.build / "bin/outrigger-agent", "run", "--kubeconfig", self.kubeconfig, "--namespace", NAMESPACE, "--shim", self.shim,
                   "--log-format", "text", *agent, "--", self.spark.home / "bin/spark-submit"]
        for key, value in settings.items():
            command += ["--conf", f"{key}={value}"]
        job = Job([*command, *options, script, *arguments], self.directory, {**self.environment(), **dict(environment)})
        self.programs.append(job)
        return job

    def server_address(self):
        return self.server.connection.host, self.server.connection.port

    def running(self):
        return sum(pod["status"].get("phase") == "Running" for pod in self.pods().values())

    def requests(self):
        """Lines of the server's request log: verb, target, arrow, code."""
        return [line for line in self.server_program.log.read_text(errors="replace").splitlines() if " -> " in line]

    def pods(self):
        return self.server.pods(NAMESPACE)

    def record(self):
        return self.server.record()


class Job:
    """A driver with its agent around it. Ended by SIGTERM to the agent, then by SIGKILL to the group."""

    def __init__(self, command, directory, environment):
        self.said, self.logged = directory / "job.out", directory / "job.err"
        with open(self.said, "wb") as out, open(self.logged, "wb") as err:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, start_new_session=True)

    def out(self):
        return self.said.read_text(errors="replace")

    def log(self):
        return self.logged.read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def last_words(self):
        return " | ".join(self.log().splitlines()[-3:])[:600]

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, seconds):
        if self.alive():
            self.process.terminate()
            self.wait(seconds)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(5)


def facts(text):
    """A job prints facts as `FACT name json`; the last one of a name counts."""
    found = {}
    for line in text.splitlines():
        if line.startswith("FACT "):
            _, name, value = line.split(" ", 2)
            found[name] = json.loads(value)
    return found


def until(seconds, check):
    """True once `check` is, False after so long."""
    try:
        return bool(wait_for("it", seconds, check, every=0.05)[0])
    except Problem:
        return False

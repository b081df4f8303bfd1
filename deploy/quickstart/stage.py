"""Server, agent and driver of one run, and the two views of the same pods."""
import json
import socket
import subprocess

from driver import Driver
from processes import Problem, Program, wait_for
from server import Server

NAMESPACE = "spark"
LATENCY = "latency: {create: 30ms..100ms}\n"
APPLICATION = "spark-quickstart"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stage:
    def __init__(self, programs, logs):
        self.programs, self.logs = programs, logs
        self.kubeconfig = logs / "kubeconfig"
        self.kubeconfig.unlink(missing_ok=True)  # of an earlier run
        self.run_directory = logs / "run"
        self.server_program = self.server = self.agent = self.driver = None
        self.agents = []
        self.admin_port = free_port()

    # ---- programs

    def start_server(self):
        faults = self.logs / "faults.yaml"
        faults.write_text(LATENCY)
        self.server_program = Program("apiserver", [self.programs / "outrigger-apiserver", "--listen", "127.0.0.1:0", "--write-kubeconfig", self.kubeconfig, "--faults", faults], self.logs)
        wait_for("the API server's kubeconfig", 10, self.kubeconfig.exists, alive=[self.server_program])
        self.server = Server(self.kubeconfig)

    def start_agent(self):
        lock_directory = self.logs / "lock"
        for directory in (self.run_directory, lock_directory):
            directory.mkdir(mode=0o700, exist_ok=True)
        self.agent = Program("agent", [self.programs / "outrigger-agent", "--kubeconfig", self.kubeconfig, "--namespace", NAMESPACE, "--application-id", APPLICATION,
                                       "--run-dir", self.run_directory, "--lock-dir", lock_directory, "--log-format", "text", "--listen", f"127.0.0.1:{self.admin_port}"], self.logs)
        self.agents.append(self.agent)

    def start_driver(self):
        self.driver = Driver([self.programs / "outrigger-example-driver", "--run-dir", self.run_directory, "--application", APPLICATION, "--json"], self.logs)

    def everyone(self):
        return [p for p in (self.server_program, self.agent, self.driver) if p]

    def ctl(self, *words, seconds=20):
        """agentctl, as a person would use it."""
        return subprocess.run([self.programs / "agentctl", "--run-dir", self.run_directory, *map(str, words)], check=False, capture_output=True, text=True, timeout=seconds)

    def close(self):
        """Keeps the server's record, ends whatever still runs."""
        if self.server and self.server_program.alive():
            try:
                (self.logs / "record.json").write_text(json.dumps(self.server.record(), indent=1))
            except Problem:
                pass
        for program in (self.driver, self.agent, self.server_program):
            if program:
                try:
                    program.stop(5)
                except (OSError, subprocess.SubprocessError):
                    pass

    # ---- views

    def server_pods(self):
        return {name: pod for name, pod in self.server.pods(NAMESPACE).items() if pod["metadata"].get("labels", {}).get("spark-app-selector") == APPLICATION}

    def server_states(self):
        """executor id -> pending | running | terminating, as the server has them; ended pods are left out."""
        states = {}
        for pod in self.server_pods().values():
            phase = pod.get("status", {}).get("phase", "Pending")
            if phase in ("Succeeded", "Failed"):
                continue
            state = "terminating" if "deletionTimestamp" in pod["metadata"] else phase.lower()
            states[int(pod["metadata"]["labels"]["spark-exec-id"])] = state
        return states

    def until_equal(self, what, seconds=60):
        """Both views agree on every executor that is not at its end."""
        last = {}

        def equal():
            nonlocal last
            before = self.driver.states()
            server = self.server_states()
            after = self.driver.states()
            last = {i: (before.get(i), server.get(i)) for i in before.keys() | server.keys() if server.get(i) not in (before.get(i), after.get(i))}
            return not last

        try:
            wait_for(what, seconds, equal, every=0.05, alive=self.everyone())
        except Problem:
            pass
        return last

    def present(self):
        counts = self.driver.counts
        return counts["creating"] + counts["pending"] + counts["running"] + counts["terminating"]

    def until_running(self, count, seconds, progress=None):
        def reached():
            counts = dict(self.driver.counts)
            if progress:
                progress(counts)
            return counts["running"] == count and self.present() == count

        try:
            return wait_for(f"{count} executors to run", seconds, reached, every=0.005, alive=self.everyone())[1]
        except Problem as problem:
            why = self.ctl("why", "--pending").stdout.strip().splitlines()
            raise Problem(f"{problem}; the driver sees {self.driver.counts}; {why[0] if why else 'nothing waits'}") from problem

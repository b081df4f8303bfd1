"""What may go wrong in the middle of a job, chosen by a seed. Each is done to the running programs through the doors that they have."""
import os
import signal
from pathlib import Path

from stage import NAMESPACE, Problem, wait_for

REFUSALS = """
faults:
- {kind: throttle, verb: create, resource: pods, count: 2, retry-after: 1s}
- {kind: error, verb: create, resource: pods, code: 500, count: 2}
- {kind: lose-reply, verb: create, resource: pods, count: 1}
"""


def agent_of(job):
    """The pid of the agent that the supervisor keeps now; None between two."""
    children = Path(f"/proc/{job.process.pid}/task/{job.process.pid}/children").read_text().split()
    for pid in children:
        if Path(f"/proc/{pid}/comm").read_text().startswith("outrigger-agent"):
            return int(pid)
    return None


class Mishaps:
    """`strike(rng)` does one and returns its name."""

    def __init__(self, stage, job):
        self.stage, self.job = stage, job

    def strike(self, rng):
        name = rng.choice(NAMES)
        getattr(self, "_" + name)(rng)
        return name

    def _die(self, rng, cause):
        running = sorted(name for name, pod in self.stage.pods().items() if pod["status"].get("phase") == "Running")
        if not running:
            return
        try:
            self.stage.server.die(NAMESPACE, rng.choice(running), cause)
        except Problem as problem:  # it has ended meanwhile
            if "409" not in str(problem) and "404" not in str(problem):
                raise

    def _executor_out_of_memory(self, rng):
        self._die(rng, "oom_container")

    def _executor_evicted(self, rng):
        self._die(rng, "evicted_api")

    def _executor_preempted(self, rng):
        self._die(rng, "preempted")

    def _node_lost(self, rng):
        self._die(rng, "node_lost")

    def _agent_killed(self, _):
        pid, _ = wait_for("an agent", 30, lambda: agent_of(self.job))
        os.kill(pid, signal.SIGKILL)

    def _agent_killed_while_an_executor_dies(self, rng):
        self._agent_killed(rng)
        self._die(rng, "evicted_api")

    def _server_restarted_and_compacted(self, _):
        self.stage.server.compact()
        self.stage.server.ask("POST", "/_control/restart?down=1s")

    def _watch_black_holed(self, rng):
        self.stage.server.ask("POST", "/_control/black-hole")
        self.stage.server.connection.close()  # ours is swallowed as well, and the job does not wait for it
        self._die(rng, "preempted")

    def _watch_cut_and_compacted(self, rng):
        self._die(rng, "evicted_api")
        self.stage.server.drop_watches()
        self.stage.server.compact()

    def _creates_refused(self, rng):
        self.stage.server.faults(REFUSALS)
        self._die(rng, "oom_container")


NAMES = sorted(name[1:] for name in vars(Mishaps) if name.startswith("_") and not name.startswith(("__", "_die")))

"""The example driver, seen through its JSON lines; what it says is the driver's view."""
import json
import threading

from processes import Problem, Program, wait_for

FINAL = {"create_failed", "succeeded", "failed", "deleted"}
NO_COUNTS = {"creating": 0, "pending": 0, "running": 0, "terminating": 0, "known": 0, "ended": 0}


class Driver(Program):
    """Commands go to its standard input, one a line; events come back, one JSON object a line."""

    def __init__(self, command, logs):
        super().__init__("driver", command, logs, stdin=True)
        self.lock = threading.Lock()
        self.counts = dict(NO_COUNTS)
        self.ends = {}  # id -> how it ended
        self.session, self.agents, self.refused, self.notes = "", 0, [], []
        self.statuses, self.last_status = 0, {"executors": []}
        self.seen = set()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with open(self.out, "w", encoding="utf-8") as copy:
            for line in self.process.stdout:
                copy.write(line)
                copy.flush()
                try:
                    said = json.loads(line)
                except ValueError:
                    self.notes.append(line.strip())
                    continue
                with self.lock:
                    self._take(said)

    def _take(self, said):
        kind = said.get("event")
        if kind == "counts":
            self.counts = {name: said[name] for name in NO_COUNTS}
        elif kind == "executor":
            self.ends.setdefault(said["id"], said)
            self.seen.add(said["id"])
        elif kind == "status":
            self.last_status, self.statuses = said, self.statuses + 1
            self.seen |= {executor["id"] for executor in said["executors"]}
        elif kind == "session":
            self.session, self.agents = said["state"], said["agents"]
        elif kind == "refused":
            self.refused.append(f"{said['verdict']}: {said['detail']}")
        elif kind == "note":
            self.notes.append(said["text"])

    def say(self, line):
        self.expect_alive()
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as problem:
            raise Problem(f"the driver does not listen any more: {self.last_words()}") from problem

    def states(self):
        """id -> state of every executor that is not at its end, asked for now."""
        with self.lock:
            before = self.statuses
        self.say("status")
        wait_for("the driver's status", 5, lambda: self.statuses > before, every=0.002, alive=[self])
        with self.lock:
            return {e["id"]: e["state"] for e in self.last_status["executors"] if e["state"] not in FINAL}

    def end_of(self, executor):
        with self.lock:
            return self.ends.get(executor)

"""What a driver's processes cost: CPU over time from /proc, threads and live heap on request."""
import os
import re
import subprocess
import threading
import time
from pathlib import Path

HERTZ = os.sysconf("SC_CLK_TCK")
EVERY_S = 0.1


def session(leader):
    """pid -> program, of the processes that belong to the session of `leader`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == leader:
                found[int(entry.name)] = os.path.basename(os.readlink(entry / "exe"))
        except OSError:
            pass
    return found


def cpu_s(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / HERTZ


class Sampler:
    """CPU seconds of the driver's JVM and of the agent, ten times a second."""

    PROGRAMS = {"java": "java", "outrigger-agent": "agent"}

    def __init__(self, leader):
        self.leader, self.samples, self.pids = leader, [], {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ended.wait(EVERY_S):
            # A launcher's own JVM comes first and becomes a zombie or another program.
            if len(self.samples) % 5 == 0:
                self.pids = {self.PROGRAMS[name]: pid for pid, name in sorted(session(self.leader).items()) if name in self.PROGRAMS}
            self.samples.append((time.time(), *(cpu_s(self.pids[which]) if which in self.pids else 0.0 for which in ("java", "agent"))))

    def stop(self):
        self.ended.set()
        self.thread.join()

    def between(self, begin, end):
        """(JVM, agent) CPU seconds used in between, to a tenth of a second."""
        inside = [sample for sample in self.samples if begin - EVERY_S <= sample[0] <= end + EVERY_S]
        return tuple(round(inside[-1][i] - inside[0][i], 2) for i in (1, 2)) if inside else (0.0, 0.0)

    def at(self, moment):
        """(JVM, agent) CPU seconds since their start."""
        return next((sample[1:] for sample in self.samples if sample[0] >= moment), self.samples[-1][1:])


def threads(pid):
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def live_heap_mb(pid):
    """After a full collection, which jcmd's histogram brings about."""
    said = subprocess.run(["jcmd", str(pid), "GC.class_histogram"], capture_output=True, text=True, check=False).stdout
    total = re.search(r"^Total\s+\d+\s+(\d+)", said, re.M)
    return round(int(total[1]) / 1e6, 1) if total else None


def resident_mb(pid):
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) // 1024

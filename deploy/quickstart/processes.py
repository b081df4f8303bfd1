"""Starts and ends the three programs. Every one is ended by its pid, whatever happens to us."""
import os
import signal
import subprocess
import time
from pathlib import Path

HERTZ = os.sysconf("SC_CLK_TCK")


class Problem(Exception):
    """One clear line; the run is over."""


class Program:
    def __init__(self, name, command, logs, stdin=False):
        self.name, self.log = name, Path(logs) / f"{name}.log"
        self.cpu_seconds, self.peak_rss_kib = 0.0, 0
        self.out = Path(logs) / f"{name}.out"
        try:
            with open(self.log, "ab") as errors:
                self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                                                stdout=subprocess.PIPE if stdin else errors, stderr=errors, start_new_session=True, text=True, bufsize=1)
        except OSError as problem:
            raise Problem(f"{name} cannot be started: {problem}") from problem

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def expect_alive(self):
        if not self.alive():
            raise Problem(f"{self.name} ended with {self.process.returncode}: {self.last_words()}")

    def last_words(self):
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it said nothing"

    def measure(self):
        """CPU and peak RSS from /proc; the last figures stay when the process is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
            self.cpu_seconds = (int(fields[11]) + int(fields[12])) / HERTZ
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.peak_rss_kib = int(line.split()[1])
        except (OSError, IndexError):
            pass
        return self.cpu_seconds, self.peak_rss_kib

    def kill(self):
        self.measure()
        if self.alive():
            self.process.kill()
        self.process.wait(5)

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL; returns the exit code."""
        self.measure()
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        return self.process.returncode


def wait_for(what, seconds, check, every=0.02, alive=()):
    """Calls `check` until it returns something true; `check` may raise Problem. Returns (value, seconds)."""
    begin = time.monotonic()
    while True:
        value = check()
        if value:
            return value, time.monotonic() - begin
        for program in alive:
            program.expect_alive()
        if time.monotonic() - begin > seconds:
            raise Problem(f"waited {seconds:.0f} s for {what}")
        time.sleep(every)

"""Runs one configuration of a Promela model: spin makes a verifier, gcc compiles it, pan searches every state."""
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

MODELS = Path(__file__).resolve().parent / "spin"
MEMORY_MB = 2000
DEEPEST = 200_000


def missing():
    """Why nothing can be verified here, or nothing."""
    absent = [name for name in ("spin", "gcc") if not shutil.which(name)]
    return f"{' and '.join(absent)} not installed (Debian: apt-get install spin gcc)" if absent else ""


@dataclass
class Verdict:
    states: int
    depth: int
    seconds: float  # of the processor: other work on the machine does not count
    broken: str  # the claim that is refuted, or nothing
    complete: bool  # every state was reached within the bounds
    output: str

    @property
    def holds(self):
        return self.complete and not self.broken


def verify(model, defines=(), liveness=""):
    """`liveness`: the name of an ltl formula, judged under weak fairness; without it the claims of the states are judged."""
    with tempfile.TemporaryDirectory(prefix="outrigger-spin-") as directory:
        _run(["spin", *(f"-D{d}" for d in defines), "-a", MODELS / f"{model}.pml"], directory)
        kind = ["-DNFAIR=3"] if liveness else ["-DSAFETY", "-DNOCLAIM"]
        _run(["gcc", "-O2", "-w", *kind, f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"], directory)
        # -E: a process at rest is no error; the models say what must be true when nothing moves.
        search = ["-a", "-f", "-N", liveness] if liveness else ["-E"]
        before = os.times()
        output = _run(["nice", "-n", "10", "./pan", *search, f"-m{DEEPEST}", "-w24"], directory)
        after = os.times()
    return _read(output, after.children_user - before.children_user + after.children_system - before.children_system, liveness)


def _run(command, directory):
    done = subprocess.run(command, cwd=directory, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0 or "Error:" in done.stdout:
        raise RuntimeError(f"{command[0]} failed: {done.stdout[-1500:]}")
    return done.stdout


def _read(output, seconds, liveness):
    number = lambda pattern: int((re.search(pattern, output) or [0, 0])[1])  # noqa: E731
    broken = ""
    if named := re.search(r"assertion violated \((\w+)\|\|", output):
        broken = named[1]
    elif "acceptance cycle" in output:
        broken = liveness
    elif number(r"errors: (\d+)"):
        broken = "an unnamed claim"
    unfinished = re.search(r"reached -DMEMLIM|max search depth too small|Search not completed", output)
    complete = "errors: 0" in output and not unfinished
    return Verdict(number(r"(\d+) states, stored"), number(r"depth reached (\d+)"), seconds, broken, complete, output)

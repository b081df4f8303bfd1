"""The three build trees and what has to be built for a tier."""
import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHES = {
    "product": "deploy/build/product.cmake",  # gcc, Release: what ships
    "asan": "deploy/build/asan.cmake",  # clang, AddressSanitizer + UBSan + fuzzers
    "tsan": "deploy/build/tsan.cmake",  # clang, ThreadSanitizer, ipc only
}
GROUPS = {
    "product": ["product", "tests", "bench"],
    "asan": ["product", "tests", "bench", "sanitizers"],
    "tsan": ["product", "tests", "sanitizers"],
}
PROGRAMS = ["outrigger-agent", "outrigger-apiserver", "outrigger-example-driver", "agentctl"]


def install(groups):
    return subprocess.run([ROOT / "deploy/build/install.sh", *sorted(set(groups))], check=False).returncode == 0


class Tree:
    def __init__(self, name, build_root, jobs):
        self.name = name
        self.directory = Path(build_root) / name
        self.jobs = jobs
        self.problem = ""

    def configure(self):
        if self.name == "tsan" and not self._tsan_runs():
            return False
        command = ["cmake", "-C", CACHES[self.name], "-G", "Ninja", "-S", ".", "-B", self.directory]
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout)
            self.problem = f"cmake failed in {self.directory}"
        return done.returncode == 0

    def _tsan_runs(self):
        """Some kernels lay memory out in a way that ThreadSanitizer of clang 19 refuses at start."""
        probe = self.directory / "probe"
        probe.parent.mkdir(parents=True, exist_ok=True)
        build = subprocess.run(["clang++-19", "-fsanitize=thread", "-x", "c++", "-", "-o", probe],
                               input="int main(){}", text=True, check=False, capture_output=True)
        ran = build.returncode == 0 and subprocess.run([probe], check=False, capture_output=True)
        if build.returncode != 0 or ran.returncode != 0:
            text = build.stderr if build.returncode else ran.stderr.decode(errors="replace")
            self.problem = "a ThreadSanitizer program does not run here: " + " ".join(text.split())[:300]
            return False
        return True

    def tests(self):
        """Every ctest entry: name, labels, command."""
        out = subprocess.run(["ctest", "--show-only=json-v1"], cwd=self.directory, check=True, capture_output=True, text=True)
        entries = []
        for test in json.loads(out.stdout)["tests"]:
            properties = {p["name"]: p["value"] for p in test.get("properties", [])}
            entries.append({"name": test["name"], "labels": properties.get("LABELS", []), "command": test.get("command", [])})
        return entries

    def targets(self):
        out = subprocess.run(["ninja", "-t", "targets", "all"], cwd=self.directory, check=True, capture_output=True, text=True)
        return {line.split(":")[0] for line in out.stdout.splitlines() if line.endswith(": phony")}

    def fuzzers(self):
        return sorted(t for t in self.targets() if t.startswith("fuzz_"))

    def build(self, tiers, everything):
        known = self.targets()
        if everything:
            goals = ["all"]
        else:
            # An entry has its target's name. Its command is no help: ctest leaves it out until the program exists.
            goals = {e["name"] for e in self.tests() if set(e["labels"]) & set(tiers)}
            if self.name == "product" and set(tiers) & {"process", "integration", "conformance", "spark"}:
                goals |= {*PROGRAMS, "outrigger_jni"}  # other trees build what CMake says that a test depends on
            if "fuzz" in tiers:
                goals |= set(self.fuzzers())
            goals = sorted(goals & known)
        if not goals:
            return True
        command = ["ninja", "-C", self.directory, "-k", "0", "-j", str(self.jobs), *goals]
        if subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "NINJA_STATUS": f"[{self.name} %f/%t] "}).returncode != 0:
            self.problem = f"the build of {self.directory} failed"
        return not self.problem


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fresh_directory(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path

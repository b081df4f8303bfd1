"""clang-tidy 19 over the rooms where a defect costs most, one case per file.

usage: clang_tidy_test.py BUILD_DIR [FILE ...]

A file whose text, headers, flags and checks are the same as at its last clean run is not analysed again; the
stamps live in BUILD_DIR/tidy. Pure rooms must also have no mutable global, which only a compiler can see."""
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import report
from rules import PURE
from source import ROOT

ROOMS = ("ipc/", "shim/", *PURE)
PROGRAM = "clang-tidy-19"
NO_GLOBALS = "--checks=cppcoreguidelines-avoid-non-const-global-variables"


def arguments_for_clang(command):
    """gcc's compile command without what only gcc understands; its precompiled header becomes an include."""
    words, out, skip = shlex.split(command), [], False
    while words and (not re.search(r"(g\+\+|gcc|clang(\+\+)?)(-\d+)?$", words[0]) or "=" in words[0]):
        words.pop(0)  # ccache and its environment
    for word in words[1:]:
        if skip:
            skip = False
        elif word in ("-o", "-include", "-c", "-include-pch"):
            skip = word != "-c"
            if word == "-c":
                out.append(word)
        elif word not in ("-fpch-preprocess", "-Winvalid-pch", "-Xclang", "-fno-pch-timestamp", "-D_FORTIFY_SOURCE=2"):
            out.append(word)
    return ["clang++-19", "-Wno-unknown-warning-option", "-include", str(ROOT / "deploy/build/std_pch.h"), *out]


def closure(path, seen):
    """The file and every header of this repository that it reaches."""
    if path in seen or not path.is_file():
        return seen
    seen.add(path)
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(errors="replace"), re.M):
        closure(ROOT / name, seen)
    return seen


def stamp(path, command):
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + " ".join(command).encode())
    for part in sorted(closure(path, set())):
        digest.update(str(part).encode() + part.read_bytes())
    return digest.hexdigest()


def analyse(name, command, database, stamps):
    key = stamp(ROOT / name, command)
    memory = stamps / name.replace("/", "_")
    if memory.is_file() and memory.read_text() == key:
        return name, None, ""
    extra = [NO_GLOBALS] if name.startswith(PURE) else []  # joins the checks of .clang-tidy
    done = subprocess.run([PROGRAM, "--quiet", *extra, "-p", database, str(ROOT / name)], cwd=ROOT, capture_output=True, text=True, check=False)
    problems = [line.replace(f"{ROOT}/", "") for line in done.stdout.splitlines() if re.search(r": (warning|error): ", line)]
    if done.returncode != 0 or (problems and extra):
        return name, "failure", "; ".join(problems[:10]) or done.stderr[-300:] or "clang-tidy failed"
    memory.write_text(key)
    return name, None, ""


def self_test(directory):
    """The checks are on: a sample with two of their defects must be refused."""
    sample = Path(directory) / "agent/core/sample.cpp"
    sample.parent.mkdir(parents=True)
    sample.write_text("#include <string>\n#include <utility>\nint bad(std::string s) { std::string t = std::move(s); return static_cast<int>(s.size() + t.size()); }\n"
                      "struct Base { virtual void go(); };\nstruct Derived : Base { void go(); };\n")
    done = subprocess.run([PROGRAM, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", str(sample), "--", "-std=c++20"], capture_output=True, text=True, check=False)
    found = set(re.findall(r"\[([\w-]+)[,\]]", done.stdout))
    missing = {"bugprone-use-after-move", "modernize-use-override"} - found
    return ("ClangTidy", "a_file_with_known_defects_is_refused", "failure" if missing or done.returncode == 0 else None, f"not found: {missing}; found {found}")


def main():
    build, only = Path(sys.argv[1]), sys.argv[2:]
    if not shutil.which(PROGRAM):
        report.write("tidy_clang", [("ClangTidy", "every_file", "skipped", f"{PROGRAM} is not installed")])
        return 0
    stamps = build / "tidy"
    stamps.mkdir(parents=True, exist_ok=True)
    jobs = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        name = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if name.startswith(ROOMS) and name.endswith(".cpp") and (not only or name in only) and "/jni/" not in name:
            jobs[name] = arguments_for_clang(entry["command"])
    with tempfile.TemporaryDirectory() as scratch:
        commands = [{"directory": str(build.resolve()), "file": str(ROOT / n), "arguments": c} for n, c in jobs.items()]
        (Path(scratch) / "compile_commands.json").write_text(json.dumps(commands))
        cases = [self_test(scratch)]
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for name, kind, message in pool.map(lambda n: analyse(n, jobs[n], scratch, stamps), sorted(jobs)):
                cases.append(("ClangTidy", name, kind, message))
                print(f"{'FAIL' if kind else 'ok'}  {name}  {message}", flush=True)
    if not jobs:
        cases.append(("ClangTidy", "every_file", "failure", f"no file of {', '.join(ROOMS)} in {build}/compile_commands.json"))
    report.write("tidy_clang", cases)
    bad = [case for case in cases if case[2] == "failure"]
    print(f"clang-tidy: {len(cases) - len(bad)} clean, {len(bad)} not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

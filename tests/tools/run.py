"""tests/run.sh: chooses trees and tiers, builds, runs, prints one table. See tests/README.md."""
import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from results import Tally, read_ctest  # noqa: E402
from trees import GROUPS, ROOT, Tree, cores, fresh_directory, install  # noqa: E402

# tier -> (what it is, trees it runs in)
TIERS = {
    "unit": ("one binary per room: pure rules, simulated time, properties", ["product", "asan"]),
    "abi": ("C header as C11, byte map, exported symbols", ["product"]),
    "tidy": ("rules of the repository, clang-format, clang-tidy", ["product"]),
    "sim": ("the whole agent in one deterministic process, seeded faults", ["product", "asan"]),
    "process": ("two real processes over shared memory, SIGKILL, hostile bytes", ["product", "asan"]),
    "integration": ("real sockets and TLS against the embedded API server", ["product"]),
    "conformance": ("one suite of API scenarios, against the embedded server", ["product"]),
    "stress": ("races of the channel, ThreadSanitizer", ["tsan"]),
    "fuzz": ("libFuzzer with AddressSanitizer, each target for --fuzz-seconds", ["asan"]),
    "model": ("Spin models of the channel's protocols, and mutants that they must refute; a few minutes; on request", ["product"]),
    "spark": ("stock Spark: the JVM shim's tests, real drivers, real executors; downloads about 1 GB; on request", ["product"]),
}
ON_REQUEST = {"model", "spark"}
DEFAULT = [name for name in TIERS if name not in ON_REQUEST]
ASAN_SEED_SHARE = 10  # the sanitizer tree runs one tenth of the seeds


def arguments():
    parser = argparse.ArgumentParser(prog="tests/run.sh", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Installs what is missing (Debian 12), builds, runs the tests and counts them.",
                                     epilog="tiers:\n" + "\n".join(f"  {n:12} {d} [{', '.join(t)}]" for n, (d, t) in TIERS.items()))
    parser.add_argument("--tier", action="append", nargs="+", metavar="NAME", help="only these tiers (default: all but those on request)")
    parser.add_argument("--list", action="store_true", help="print the tiers and exit")
    parser.add_argument("--tree", action="append", choices=["product", "asan", "tsan"], help="only in these build trees (default: as the tiers say)")
    parser.add_argument("--seeds", type=int, default=1000, metavar="N", help="seeds of the simulation (default %(default)s)")
    parser.add_argument("--fuzz-seconds", type=int, default=20, metavar="N", help="time for each fuzz target (default %(default)s)")
    parser.add_argument("--jobs", type=int, default=cores(), metavar="N", help="parallel jobs (default: cores, %(default)s)")
    parser.add_argument("--build", default="build", metavar="DIR", help="where the build trees are (default %(default)s)")
    parser.add_argument("--no-install", action="store_true", help="do not call apt-get")
    args = parser.parse_args()
    args.tiers = [name for names in args.tier or [DEFAULT] for name in names]
    for name in args.tiers:
        if name not in TIERS:
            parser.error(f"no tier '{name}'; tiers are: {' '.join(TIERS)}")
    if min(args.seeds, args.jobs, args.fuzz_seconds) < 1:
        parser.error("--seeds, --jobs and --fuzz-seconds want a number above 0")
    return args


class Phases:
    def __init__(self):
        self.start = time.monotonic()
        self.done = []

    def run(self, name, action):
        print(f"== {name}", flush=True)
        begin = time.monotonic()
        result = action()
        self.done.append((name, time.monotonic() - begin))
        print(f"== {name}: {self.done[-1][1]:.0f} s", flush=True)
        return result


def run_ctest(tree, tier, args):
    entries = [e for e in tree.tests() if tier in e["labels"]]
    if not entries:
        return Tally(skips=[(tier, f"no test of this tier in the {tree.name} tree")])
    reports = fresh_directory(tree.directory / "reports" / tier)
    seeds = args.seeds if tree.name == "product" else max(1, args.seeds // ASAN_SEED_SHARE)
    environment = {**os.environ, "GTEST_OUTPUT": f"xml:{reports}/", "OUTRIGGER_SIM_SEEDS": str(seeds), "OUTRIGGER_BUILD_DIR": str(tree.directory.resolve()),
                   "CTEST_OUTPUT_ON_FAILURE": "1", "UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_stack_use_after_return=1"}
    environment.pop("GTEST_FILTER", None)
    junit = reports.parent / f"{tier}.junit.xml"
    junit.unlink(missing_ok=True)
    jobs = args.jobs if tier in ("unit", "abi", "sim", "tidy") else 1
    subprocess.run(["ctest", "-L", f"^{tier}$", "-j", str(jobs), "--output-junit", junit, "--no-tests=error"],
                   cwd=tree.directory, check=False, env=environment)
    return read_ctest(junit, reports, entries)


def run_fuzzer(tree, name, seconds):
    program = tree.directory / "fuzz" / name
    target = name.removeprefix("fuzz_")
    found = tree.directory / "fuzz" / "found" / target
    found.mkdir(parents=True, exist_ok=True)
    seeds = ROOT / "tests/fuzz/corpus" / target
    command = [program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2560", "-print_final_stats=1", f"-artifact_prefix={found.parent}/{target}-", found]
    command += [seeds] if seeds.is_dir() else []
    if not program.exists():
        return Tally(failures=[(name, f"{program} was not built")])
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds + 300)
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stdout)
    if done.returncode != 0 or not runs or int(runs[1]) == 0:
        print("\n".join(done.stdout.splitlines()[-40:]))
        cause = re.search(r"(SUMMARY: .*|ERROR: .*)", done.stdout)
        return Tally(failures=[(name, f"{cause[1] if cause else 'did not run'}; input kept as {found.parent}/{target}-*")])
    print(f"   {name}: {int(runs[1]):,} inputs in {seconds} s, no finding", flush=True)
    return Tally(passed=1)


def run_fuzz(tree, args):
    targets = tree.fuzzers()
    if not targets:
        return Tally(skips=[("fuzz", f"no fuzz target in the {tree.name} tree")])
    total = Tally()
    with ThreadPoolExecutor(args.jobs) as pool:
        for tally in pool.map(lambda name: run_fuzzer(tree, name, args.fuzz_seconds), targets):
            total.add(tally)
    return total


def report(rows, phases):
    total = Tally()
    for _, _, tally in rows:
        total.add(tally)
    print("\nphase                                seconds")
    for name, seconds in phases.done:
        print(f"{name:36} {seconds:7.0f}")
    print(f"{'all':36} {time.monotonic() - phases.start:7.0f}")
    for title, attribute in (("skipped", "skips"), ("FAILED", "failures")):
        items = getattr(total, attribute)
        if items:
            print(f"\n{title}:")
            for name, reason in items:
                print(f"  {name}: {'skipped: ' if attribute == 'skips' else ''}{reason}")
    print(f"\n{'tier':14}{'tree':10}{'passed':>8}{'failed':>8}{'skipped':>9}")
    for tier, tree, tally in rows:
        print(f"{tier:14}{tree:10}{tally.passed:8}{len(tally.failures):8}{len(tally.skips):9}")
    print(f"\n{total.passed} passed, {len(total.failures)} failed, {len(total.skips)} skipped")
    return 1 if total.failures or total.passed == 0 else 0


def main():
    args = arguments()
    if args.list:
        for name, (what, trees) in TIERS.items():
            print(f"{name:12} {what} [{', '.join(trees)}]")
        return 0
    phases = Phases()
    plan = {tree: [t for t in args.tiers if tree in TIERS[t][1]] for tree in args.tree or ["product", "asan", "tsan"]}
    plan = {tree: tiers for tree, tiers in plan.items() if tiers}
    if not args.no_install:
        groups = [g for tree in plan for g in GROUPS[tree]] + [g for g in ("tidy", "model", "spark") if g in args.tiers]
        if not phases.run("install", lambda: install(groups)):
            print("install.sh failed; going on with what is there", flush=True)
    for tier in sorted(ON_REQUEST - set(args.tiers)):
        print(f"not run, because it was not asked for: --tier {tier}", flush=True)
    rows = []
    for name, tiers in plan.items():
        tree = Tree(name, ROOT / args.build, args.jobs)
        if not phases.run(f"configure {name}", tree.configure):
            if name == "tsan" and "does not run here" in tree.problem:
                rows += [(tier, name, Tally(skips=[(tier, tree.problem)])) for tier in tiers]
            else:
                rows += [(tier, name, Tally(failures=[(tier, tree.problem)])) for tier in tiers]
            continue
        everything = name == "product" and set(args.tiers) >= set(DEFAULT)
        phases.run(f"build {name}", lambda: tree.build(tiers, everything))
        if tree.problem:
            rows.append(("build", name, Tally(failures=[("build", tree.problem)])))
        for tier in tiers:
            run = (lambda: run_fuzz(tree, args)) if tier == "fuzz" else (lambda: run_ctest(tree, tier, args))
            rows.append((tier, name, phases.run(f"{tier} ({name})", run)))
    return report(rows, phases)


if __name__ == "__main__":
    sys.exit(main())

"""bench/run.sh: builds and runs build/product/bench/bench_*, joins their figures, prints one table."""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# On request only: it takes an hour. Its programs come from other folders; see bench/spark.
SIDE_BY_SIDE = "spark"
FIELDS = ["bench", "case", "value", "unit", "reference", "reference_value", "ratio", "goal", "met"]


def run(command, **more):
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False, **more)


def build(directory, install, names):
    groups = ["product", "tests", "bench", *([SIDE_BY_SIDE] if SIDE_BY_SIDE in names else [])]
    if install and run(["deploy/build/install.sh", *groups]).returncode != 0:
        print("install.sh failed; going on with what is there", file=sys.stderr)
    configure = run(["cmake", "-C", "deploy/build/product.cmake", "-G", "Ninja", "-S", ".", "-B", directory], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if configure.returncode != 0:
        sys.exit(f"{configure.stdout}\nbench/run.sh: cmake failed in {directory}")


def targets(directory):
    out = run(["ninja", "-C", directory, "-t", "targets", "all"], capture_output=True, text=True)
    return sorted({line.split(":")[0] for line in out.stdout.splitlines() if line.startswith("bench_") and line.endswith(": phony")})


def check(figures, name):
    if not isinstance(figures, list) or not figures:
        raise ValueError(f"{name} wrote no figure")
    for figure in figures:
        if sorted(figure) != sorted(FIELDS):
            raise ValueError(f"{name}: a figure has the fields {sorted(figure)}, not {FIELDS}")
    return figures


def number(value):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(figures):
    rows = [("bench", "case", "value", "beside", "", "ratio", "goal", "")]
    for f in figures:
        met = {True: "met", False: "NOT MET", None: ""}[f["met"]]
        ratio = f"{f['ratio']:.2f}" if isinstance(f["ratio"], (int, float)) else "-"
        rows.append((f["bench"], f["case"], f"{number(f['value'])} {f['unit']}", f["reference"] or "-",
                     number(f["reference_value"]) if f["reference"] else "", ratio, str(f["goal"]) if f["goal"] is not None else "-", met))
    widths = [max(len(row[i]) for row in rows) for i in range(8)]
    for row in rows:
        print("  ".join(cell.rjust(width) if i in (2, 4, 5) else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))).rstrip())


def main():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Runs the benchmarks; each figure stands beside its floor or peer, measured in the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these benches (default: all but spark)")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as a JSON array")
    parser.add_argument("--list", action="store_true", help="print the names of the benches and exit")
    parser.add_argument("--quick", action="store_true", help="fewer samples: shows that the benches run, not how fast the product is")
    parser.add_argument("--build", default="build/product", metavar="DIR", help="build tree (default %(default)s)")
    parser.add_argument("--no-install", action="store_true", help="do not call apt-get")
    # Only `spark` has options of its own: what stands behind it.
    words = sys.argv[1:]
    at = words.index(SIDE_BY_SIDE) + 1 if SIDE_BY_SIDE in words else len(words)
    args, more = parser.parse_args(words[:at]), words[at:]

    directory = (ROOT / args.build).resolve()
    build(directory, not args.no_install, args.names)
    programs = [name.removeprefix("bench_") for name in targets(directory)]
    known = [*programs, SIDE_BY_SIDE]
    if args.list:
        print("\n".join(programs), f"\n{SIDE_BY_SIDE} (on request)", sep="")
        return 0
    for name in args.names:
        if name not in known:
            parser.error(f"no bench '{name}'; there are: {' '.join(known) or 'none'}")
    chosen = args.names or programs
    if not chosen:
        sys.exit("bench/run.sh: the tree has no benchmark")
    there = {t.split(":")[0] for t in run(["ninja", "-C", directory, "-t", "targets", "all"], capture_output=True, text=True).stdout.splitlines()}
    wanted = {f"bench_{n}" for n in chosen} | {"outrigger-apiserver", "outrigger-agent"} | ({"outrigger_jni"} if SIDE_BY_SIDE in chosen else set())
    if run(["ninja", "-C", directory, *sorted(wanted & there)]).returncode != 0:
        sys.exit(f"bench/run.sh: the build of {directory} failed")

    figures, broken = [], []
    for name in chosen:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "figures.json"
            program = [sys.executable, "-B", ROOT / "bench/spark/main.py", "--build", directory] if name == SIDE_BY_SIDE else [directory / "bench" / f"bench_{name}"]
            done = run([*program, "--json", out, *(["--quick"] if args.quick else []), *(more if name == SIDE_BY_SIDE else [])])
            try:
                figures += check(json.loads(out.read_text()), name)
                if done.returncode != 0:
                    broken.append(f"{name} ended with {done.returncode}")
            except (OSError, ValueError) as problem:
                broken.append(f"{name} ended with {done.returncode}: {problem}")
    print()
    table(figures)
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1) + "\n")
    unmet = [f for f in figures if f["met"] is False]
    print(f"\n{len(figures)} figures, {sum(f['met'] is True for f in figures)} goals met, {len(unmet)} not met"
          + (": " + "; ".join(f"{f['bench']}: {f['case']}" for f in unmet) if unmet else ""))
    for line in broken:
        print(f"bench/run.sh: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

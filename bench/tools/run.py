"""bench/run.sh: builds and runs build/product/bench/bench_*, joins their figures, prints one table."""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ["bench", "case", "value", "unit", "reference", "reference_value", "ratio", "goal", "met"]


def run(command, **more):
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False, **more)


def build(directory, install):
    if install and run(["deploy/build/install.sh", "product", "tests", "bench"]).returncode != 0:
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
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these benches (default: all)")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as a JSON array")
    parser.add_argument("--list", action="store_true", help="print the names of the benches and exit")
    parser.add_argument("--quick", action="store_true", help="fewer samples: shows that the benches run, not how fast the product is")
    parser.add_argument("--build", default="build/product", metavar="DIR", help="build tree (default %(default)s)")
    parser.add_argument("--no-install", action="store_true", help="do not call apt-get")
    args = parser.parse_args()

    directory = ROOT / args.build
    build(directory, not args.no_install)
    known = [name.removeprefix("bench_") for name in targets(directory)]
    if args.list:
        print("\n".join(known))
        return 0
    for name in args.names:
        if name not in known:
            parser.error(f"no bench '{name}'; there are: {' '.join(known) or 'none'}")
    chosen = args.names or known
    if not chosen:
        sys.exit("bench/run.sh: the tree has no benchmark")
    programs = sorted({"outrigger-apiserver", "outrigger-agent"} & {t.split(":")[0] for t in run(["ninja", "-C", directory, "-t", "targets", "all"], capture_output=True, text=True).stdout.splitlines()})
    if run(["ninja", "-C", directory, *(f"bench_{n}" for n in chosen), *programs]).returncode != 0:
        sys.exit(f"bench/run.sh: the build of {directory} failed")

    figures, broken = [], []
    for name in chosen:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "figures.json"
            done = run([directory / "bench" / f"bench_{name}", "--json", out, *(["--quick"] if args.quick else [])])
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

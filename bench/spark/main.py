"""bench/run.sh spark: the same Spark with its own allocator and with Outrigger, against a real kube-apiserver."""
import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from contestants import ALL
from bench_figures import Figures
from plot import plot
from scenarios import QUICK, SCENARIOS, Stage
from tools import controlplane, install, prepare


def main():
    parser = argparse.ArgumentParser(prog="bench/run.sh spark", description=__doc__)
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--json", type=Path, help="figures as a JSON array")
    parser.add_argument("--quick", action="store_true", help="50 executors: shows that it runs")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, metavar="NAME", help="only this one; again for more: " + " ".join(SCENARIOS))
    parser.add_argument("--contestant", action="append", choices=[c.name for c in ALL], help="only this one; again for more")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="the course of start-1000")
    args = parser.parse_args()
    try:
        tools = prepare(args.build)
    except (install.Missing, controlplane.Missing) as missing:
        sys.exit(f"bench spark: not run: {missing}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))  # so that every context ends what it started
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=args.build / "spark"))
    figures = Figures("spark")
    stage = Stage(tools, directory, figures, [c for c in ALL if not args.contestant or c.name in args.contestant])
    chosen = QUICK if args.quick else {name: SCENARIOS[name] for name in args.scenario or SCENARIOS}
    broken = []
    for at, (name, scenario) in enumerate(chosen.items(), 1):
        print(f"== spark {name} ({at} of {len(chosen)}, {time.strftime('%H:%M')})", flush=True)
        try:
            scenario(stage)
        except Exception as problem:  # pylint: disable=broad-except  # the other scenarios still have something to say
            broken.append(f"{name}: {problem}")
            print(f"   {name} failed: {problem}", flush=True)
        (directory / "found.json").write_text(json.dumps(stage.found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(figures.all, indent=1) + "\n")
    if args.plot and "start-1000" in stage.found:
        args.plot.write_text(plot(stage.found["start-1000"], 1000))
    print(f"   everything that was found: {directory / 'found.json'}")
    for line in broken:
        print(f"bench spark: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

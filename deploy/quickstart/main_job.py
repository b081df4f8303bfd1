"""The main job: server, agent and driver on this machine; up, deaths, crash, faults, down, drain; then the truth."""
import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import story  # noqa: E402
from processes import Problem  # noqa: E402
from stage import Stage  # noqa: E402
from verify import Checks, print_report  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="deploy/quickstart.sh", description="The main job of Outrigger, without a cluster.")
    parser.add_argument("--executors", type=int, default=1000, metavar="N", help="how many executors (default %(default)s, at least 100)")
    parser.add_argument("--bin", required=True, metavar="DIR", help="where the programs are")
    parser.add_argument("--logs", metavar="DIR", help="where logs go (default: a new directory under $TMPDIR)")
    args = parser.parse_args()
    if not 100 <= args.executors <= 10_000:
        parser.error("--executors: from 100 to 10000")
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # ends what we started, as Ctrl-C does
    logs = Path(args.logs).resolve() if args.logs else Path(tempfile.mkdtemp(prefix="outrigger-quickstart-"))
    logs.mkdir(parents=True, exist_ok=True)
    print(f"logs: {logs}", flush=True)
    checks, begin = Checks(), time.monotonic()
    stage = Stage(Path(args.bin).resolve(), logs)
    facts = None
    try:
        facts = story.run(stage, checks, args.executors)
    except Problem as problem:
        checks.fail("the main job runs to its end", str(problem))
    except KeyboardInterrupt:
        checks.fail("the main job runs to its end", "interrupted")
    finally:
        stage.close()
    print_report(facts, checks, time.monotonic() - begin)
    if not checks.all_hold():
        print(f"\nlogs, the server's record and the kubeconfig are in {logs}", file=sys.stderr)
    return 0 if checks.all_hold() else 1


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())

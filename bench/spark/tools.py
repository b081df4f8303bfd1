"""What the runs need, made once into the build tree: Spark, the shim, the control plane, the probe."""
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
for folder in ("tests/spark", "tests/controlplane"):
    sys.path.append(str(ROOT / folder))
import controlplane  # noqa: E402
import install  # noqa: E402

LINE = "4.1"


@dataclass
class Tools:
    agent: Path
    shim: Path
    spark: install.Spark
    control_plane: Path
    probe: str  # class path


def prepare(build):
    """Raises install.Missing or controlplane.Missing with the reason."""
    (build / "spark").mkdir(exist_ok=True)
    spark = install.spark(build, LINE)
    return Tools(build / "bin/outrigger-agent", install.shim(build), spark, controlplane.build(build), compile_probe(build, spark))


def compile_probe(build, spark):
    if not shutil.which("javac"):
        raise install.Missing("javac is not installed (Debian package default-jdk-headless)")
    place = build / "spark/probe"
    source = HERE / "probe/SnapshotProbe.java"
    done = subprocess.run(["javac", "-nowarn", "-cp", f"{spark.home}/jars/*", "-d", place, source], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{source.name} does not compile: {done.stderr[:500]}")
    return str(place)

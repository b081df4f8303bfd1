"""Brings what the tier needs: Spark from its Python package, the shim from its sources. Both are kept in the build tree."""
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# line of Spark -> (package, Scala line). The packages carry every jar, spark-kubernetes among them.
SPARKS = {"3.5": ("pyspark==3.5.6", "2.12"), "4.0": ("pyspark==4.0.1", "2.13"), "4.1": ("pyspark==4.1.4", "2.13"),
          "4.2": ("pyspark==4.2.1", "2.13"), "4.3": ("pyspark==4.3.0", "2.13")}


class Missing(Exception):
    """The machine cannot do this; the tests are skipped with this reason."""


@dataclass
class Spark:
    line: str
    home: Path
    python: Path
    scala: str


def run(command, log, **more):
    with open(log, "ab") as out:
        done = subprocess.run([str(word) for word in command], check=False, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **more)
    if done.returncode != 0:
        tail = Path(log).read_text(errors="replace").splitlines()[-5:]
        raise Missing(f"{' '.join(str(word) for word in command[:4])} ended with {done.returncode}: {' | '.join(tail)[:400]}")


def spark(build, line):
    """A virtual environment with one Spark. The marker is written last, so a half of it is made again."""
    package, scala = SPARKS[line]
    place = Path(build) / "spark" / f"venv-{line}"
    marker = place / "complete"
    if not marker.exists() or marker.read_text() != package:
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        log = place.parent / f"install-{line}.log"
        print(f"   installing {package} (about 450 MB)", flush=True)
        run([sys.executable, "-m", "venv", place], log)
        run([place / "bin/pip", "install", "-q", "--disable-pip-version-check", package], log)
        marker.write_text(package)
    homes = list(place.glob("lib/python3*/site-packages/pyspark"))
    if not homes:
        raise Missing(f"{package} was installed without a pyspark directory in {place}")
    return Spark(line, homes[0], place / "bin/python", scala)


def connect_client(spark):
    """What Spark Connect's Python client needs besides Spark."""
    marker = spark.python.parents[1] / "connect-complete"
    if not marker.exists():
        package, version = SPARKS[spark.line][0].split("==")
        run([spark.python.parent / "pip", "install", "-q", "--disable-pip-version-check", f"{package}[connect]=={version}"], marker.parents[1] / "connect.log")
        marker.touch()


def maven(arguments, log):
    if not shutil.which("mvn"):
        raise Missing("mvn is not installed (Debian package maven)")
    # A network hiccup of the first download is not a failure of the shim.
    command = ["mvn", "-q", "-B", "-f", ROOT / "shim/java/pom.xml", *arguments]
    try:
        run(command, log)
    except Missing:
        run(command, log)


def put(source, target):
    """A new file under the name: a driver of another test may have the old one mapped."""
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copy2(source, fresh)
    fresh.replace(target)


def shim(build):
    """Jar and native library of each Scala line, as outrigger-agent install-shim wants them."""
    build = Path(build)
    library = build / "lib/liboutrigger_jni.so"
    if not library.exists():
        raise Missing(f"{library} was not built: no JDK headers (Debian package default-jdk-headless)")
    place = build / "shim-install"
    maven(["package", "-DskipTests"], build / "spark/maven.log")
    for scala in ("2.12", "2.13"):
        jars = [jar for jar in (ROOT / f"shim/java/scala-{scala}/target").glob("outrigger-spark_*.jar") if "sources" not in jar.name]
        if len(jars) != 1:
            raise Missing(f"shim/java/scala-{scala}/target holds {len(jars)} jars, not one")
        (place / scala).mkdir(parents=True, exist_ok=True)
        put(jars[0], place / scala / f"outrigger-spark_{scala}.jar")
        put(library, place / scala / library.name)
    return place


def lines_wanted():
    """OUTRIGGER_SPARK_LINES=3.5,4.1 chooses; one line by default, so that CI stays short."""
    return [line for line in os.environ.get("OUTRIGGER_SPARK_LINES", "4.1").split(",") if line]

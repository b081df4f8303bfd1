"""The shim's own classes and its tests' in a JVM with the jars of one stock Spark: that is how they are proved on lines that they were not compiled against."""
import os
import shutil
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import install

# What Spark's own launcher adds on Java 17.
OPEN_PACKAGES = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in (
    "java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util", "java.util.concurrent", "java.util.concurrent.atomic",
    "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar")]
RUNNER = "org.junit.platform:junit-platform-console-standalone:1.10.2"


def classes(build):
    """Compiled once; a copy by Scala line, because another test may compile again."""
    place = Path(build) / "spark/test-classes"
    install.maven(["test-compile"], Path(build) / "spark/maven.log")
    for scala in ("2.12", "2.13"):
        target = install.ROOT / f"shim/java/scala-{scala}/target"
        for part in ("classes", "test-classes"):
            shutil.rmtree(place / scala / part, ignore_errors=True)
            shutil.copytree(target / part, place / scala / part)
    return place


def runner(build):
    """JUnit's own launcher, one jar."""
    place = Path(build) / "spark/junit"
    found = list(place.glob("*.jar"))
    if not found:
        install.maven(["-N", "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy", f"-Dartifact={RUNNER}", f"-DoutputDirectory={place}"],
                      Path(build) / "spark/maven.log")
        found = list(place.glob("*.jar"))
    return found[0]


def command(compiled, spark, main, arguments, options=(), jars=()):
    path = [compiled / spark.scala / "classes", compiled / spark.scala / "test-classes", *jars, spark.home / "jars/*"]
    return ["java", *OPEN_PACKAGES, "-Xmx1g", *options, "-cp", ":".join(str(part) for part in path), main, *[str(word) for word in arguments]]


def environment(**more):
    """Nothing of this machine that Spark would read."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME", "TMPDIR") if name in os.environ}
    return {**kept, "SPARK_USER": "spark", "LC_ALL": "C.UTF-8", **more}


def run(line, log, directory, seconds, **environment_of_its_own):
    """Its exit code; what it says is in `log`."""
    with open(log, "ab") as out:
        return subprocess.run(line, check=False, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, timeout=seconds,
                              env=environment(**environment_of_its_own)).returncode


def junit(build, compiled, spark, only=(), seconds=1200):
    """The JUnit tests against one Spark, all or some classes: [(class, test, None | failure | skipped, message)], and what was said."""
    build = Path(build)
    place = build / f"spark/junit-{spark.line}"
    shutil.rmtree(place, ignore_errors=True)
    (place / "target").mkdir(parents=True)  # the tests make their directories there
    chosen = [f"--select-class=io.outrigger.spark.{name}" for name in only] or [f"--scan-classpath={compiled / spark.scala / 'test-classes'}"]
    line = command(compiled, spark, "org.junit.platform.console.ConsoleLauncher", [*chosen, "--details=tree", "--disable-banner", f"--reports-dir={place / 'reports'}"],
                   options=[f"-Doutrigger.build={build}", f"-Doutrigger.source={install.ROOT}"], jars=[runner(build)])
    run(line, place / "log", place, seconds)
    return cases(place / "reports", spark.line), (place / "log").read_text(errors="replace")


def cases(directory, group):
    """Of JUnit's XML, Maven's or the launcher's."""
    found = []
    for path in sorted(Path(directory).glob("TEST-*.xml")):
        for case in xml.parse(path).iter("testcase"):
            name = (f"{group}.{case.get('classname').rsplit('.', 1)[-1]}", case.get("name").removesuffix("()"))
            for kind in ("failure", "error", "skipped"):
                problem = case.find(kind)
                if problem is not None:
                    found.append((*name, "failure" if kind == "error" else kind, problem.get("message") or (problem.text or "")[:300]))
                    break
            else:
                found.append((*name, None, ""))
    return found

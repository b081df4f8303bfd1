"""The shim's own tests (JUnit), counted one by one: by Maven against the Spark that each artefact is compiled for, and the same classes, not compiled again,
against stock Spark of each line of OUTRIGGER_SPARK_LINES."""
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import install  # noqa: E402
import jvm  # noqa: E402
import report  # noqa: E402

NAME = "spark_java"
MODULES = ("scala-2.12", "scala-2.13")


def by_maven(build):
    log = build / "spark/maven-test.log"
    problem = None
    for module in MODULES:  # no `clean`: other tests take the shim's jar from there
        shutil.rmtree(install.ROOT / f"shim/java/{module}/target/surefire-reports", ignore_errors=True)
    try:
        install.maven(["test", f"-Doutrigger.build={build}", "-Dmaven.test.failure.ignore=true"], log)
    except install.Missing as missing:
        problem = str(missing)
    cases = [case for module in MODULES for case in jvm.cases(install.ROOT / f"shim/java/{module}/target/surefire-reports", module)]
    if cases:
        return cases
    # Without Maven or a registry nothing can be said; a shim that does not compile is a failure.
    kind = "failure" if problem and "COMPILATION ERROR" in log.read_text(errors="replace") else "skipped"
    return [("Maven", "every_test", kind, problem or "no test ran")]


def against(build, line):
    try:
        cases, said = jvm.junit(build, jvm.classes(build), install.spark(build, line))
    except install.Missing as missing:
        return [(line, "every_test", "skipped", str(missing))]
    return cases or [(line, "every_test", "failure", said[-300:])]


def main():
    build = Path(sys.argv[1]).resolve()
    (build / "spark").mkdir(exist_ok=True)
    cases = by_maven(build)
    for line in install.lines_wanted():
        print(f"   against Spark {line}", flush=True)
        cases += against(build, line)
    report.write(NAME, cases)
    bad = [case for case in cases if case[2] == "failure"]
    for case in bad:
        print(f"FAIL {case[0]}.{case[1]}: {case[3]}")
    print(f"{NAME}: {len(cases)} cases, {len(bad)} failed, {sum(case[2] == 'skipped' for case in cases)} skipped")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    os.environ.pop("MAVEN_OPTS", None)
    main()

"""The shim's own tests (JUnit, by Maven), counted one by one."""
import os
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import install  # noqa: E402
import report  # noqa: E402

NAME = "spark_java"


def cases_of(module):
    cases = []
    for path in sorted((install.ROOT / f"shim/java/{module}/target/surefire-reports").glob("TEST-*.xml")):
        for case in xml.parse(path).iter("testcase"):
            group, name = f"{module}.{case.get('classname').rsplit('.', 1)[-1]}", case.get("name")
            for kind in ("failure", "error", "skipped"):
                found = case.find(kind)
                if found is not None:
                    cases.append((group, name, "failure" if kind == "error" else kind, found.get("message") or (found.text or "")[:300]))
                    break
            else:
                cases.append((group, name, None, ""))
    return cases


def main():
    build = Path(sys.argv[1]).resolve()
    (build / "spark").mkdir(exist_ok=True)
    problem = None
    try:
        install.maven(["clean", "test", f"-Doutrigger.build={build}", "-Dmaven.test.failure.ignore=true"], build / "spark/maven-test.log")
    except install.Missing as missing:
        problem = str(missing)
    cases = [case for module in ("scala-2.12", "scala-2.13") for case in cases_of(module)]
    if not cases:
        # Without Maven or a registry nothing can be said; a shim that does not compile is a failure.
        kind = "failure" if problem and "COMPILATION ERROR" in (build / "spark/maven-test.log").read_text(errors="replace") else "skipped"
        cases = [("Maven", "every_test", kind, problem or "no test ran")]
    report.write(NAME, cases)
    bad = [case for case in cases if case[2] == "failure"]
    for case in bad:
        print(f"FAIL {case[0]}.{case[1]}: {case[3]}")
    print(f"{NAME}: {len(cases)} cases, {len(bad)} failed")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    os.environ.pop("MAVEN_OPTS", None)
    main()

"""Counts test cases, not binaries: reads what GoogleTest and ctest wrote, and trusts neither alone."""
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Tally:
    passed: int = 0
    failures: list = field(default_factory=list)  # (test, reason)
    skips: list = field(default_factory=list)  # (test, reason)
    seconds: float = 0.0

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips
        return self

    @property
    def ran(self):
        return self.passed + len(self.failures)


def first_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    # GoogleTest puts "file:line" on a line of its own.
    if len(lines) > 1 and lines[0].rsplit(":", 1)[-1].isdigit():
        lines = lines[1:]
    return lines[0][:400] if lines else ""


def read_report(path, program):
    """One XML report of GoogleTest (tests/tidy writes the same form)."""
    tally = Tally()
    for case in xml.parse(path).getroot().iter("testcase"):
        name = f"{program} {case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        failure = case.find("failure")
        if failure is not None:
            tally.failures.append((name, first_line(failure.get("message") or failure.text)))
        elif skipped is not None or case.get("result") == "skipped":
            reason = first_line(skipped.get("message") or skipped.text) if skipped is not None else ""
            tally.skips.append((name, reason or "no reason given"))
        elif case.get("status") == "notrun":
            tally.skips.append((name, "disabled in the source"))
        else:
            tally.passed += 1
    return tally


def read_ctest(junit, reports, entries):
    """`entries`: the ctest entries that were to run. A binary that died, or ran nothing, is a failure."""
    outcome = {case.get("name"): case for case in xml.parse(junit).getroot().iter("testcase")} if Path(junit).exists() else {}
    total = Tally()
    taken = set()
    for entry in entries:
        name = entry["name"]
        program = Path(entry["command"][0]).name if entry["command"] else name
        if program.startswith("python3"):
            program = name
        case = outcome.get(name)
        mine = sorted(p for p in Path(reports).glob("*.xml") if p not in taken and (p.stem == program or p.stem.startswith(program + "_") and p.stem[len(program) + 1:].isdigit()))[:1]
        taken.update(mine)
        tally = Tally()
        broken = ""
        for path in mine:
            try:
                tally.add(read_report(path, name))
            except xml.ParseError:
                broken = "left an unreadable report"
        if case is None:
            tally.failures.append((name, "ctest did not run it"))
        elif case.get("status") == "run" and case.find("failure") is None:
            if broken or (mine and tally.ran + len(tally.skips) == 0):
                tally.failures.append((name, broken or "passed without running a test"))
            elif not mine:
                tally.passed += 1  # not a GoogleTest program: the entry itself is the test
        elif case.find("skipped") is not None and "SKIP" in (case.find("skipped").get("message") or ""):
            tally.skips.append((name, first_line(case.findtext("system-out")) or "no reason given"))
        elif not tally.failures:
            reason = case.find("failure") if case.find("failure") is not None else case.find("skipped")
            text = (reason.get("message") if reason is not None else "") or "failed"
            tally.failures.append((name, f"{text} (died outside a test case: crash, time-out or missing program)"))
        total.add(tally)
    return total

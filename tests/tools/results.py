"""Counts test cases, not binaries: reads what GoogleTest and ctest wrote, and trusts neither alone."""
import re
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


def one_line(text):
    return " | ".join(line.strip() for line in (text or "").splitlines() if line.strip())[:400]


def reason_of_skip(text):
    """GoogleTest puts "file:line" on a line of its own before the reason."""
    return re.sub(r"^\S+:\d+ \| ", "", one_line(text))


def parse(path):
    """A report may hold bytes that XML does not allow, printed by the program under test."""
    text = Path(path).read_bytes().decode("utf-8", errors="replace")
    return xml.fromstring(re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]", "?", text))


def read_report(path, program):
    """One XML report of GoogleTest (tests/tidy writes the same form)."""
    tally = Tally()
    for case in parse(path).iter("testcase"):
        name = f"{program} {case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        failure = case.find("failure")
        if failure is not None:
            tally.failures.append((name, one_line(failure.get("message") or failure.text)))
        elif skipped is not None or case.get("result") == "skipped":
            reason = reason_of_skip(skipped.get("message") or skipped.text) if skipped is not None else ""
            tally.skips.append((name, reason or "no reason given"))
        elif case.get("status") == "notrun":
            tally.skips.append((name, "disabled in the source"))
        else:
            tally.passed += 1
    return tally


def _reports_of(program, directory, taken):
    """The reports of one run of `program`: program.xml, or program_1.xml ... where it ran more than once."""
    form = re.compile(re.escape(program) + r"(_\d+)?\.xml")
    mine = [p for p in sorted(Path(directory).glob("*.xml")) if p not in taken and form.fullmatch(p.name)][:1]
    taken.update(mine)
    return mine


def read_ctest(junit, reports, entries):
    """`entries`: the ctest entries that were to run. A program that died, or ran nothing, is a failure."""
    outcome = {case.get("name"): case for case in parse(junit).iter("testcase")} if Path(junit).exists() else {}
    total, taken = Tally(), set()
    for entry in entries:
        name = entry["name"]
        program = Path(entry["command"][0]).name if entry["command"] else name
        if program.startswith("python"):
            program = name
        tally, broken = Tally(), ""
        mine = _reports_of(program, reports, taken)
        for path in mine:
            try:
                tally.add(read_report(path, name))
            except xml.ParseError:
                broken = "left an unreadable report"
        total.add(_judge(name, outcome.get(name), tally, broken, bool(mine)))
    return total


def _judge(name, case, tally, broken, reported):
    """Sets what ctest saw of the whole program against what the program said of its cases."""
    if case is None:
        return tally.add(Tally(failures=[(name, "ctest did not run it")]))
    skipped = case.find("skipped")
    if case.get("status") == "run" and case.find("failure") is None:
        if broken or (reported and tally.ran + len(tally.skips) == 0):
            return tally.add(Tally(failures=[(name, broken or "passed without running a test")]))
        return tally if reported else Tally(passed=1)  # not a GoogleTest program: the entry itself is the test
    if skipped is not None and "SKIP" in (skipped.get("message") or ""):
        return tally.add(Tally(skips=[(name, one_line(case.findtext("system-out")) or "no reason given")]))
    if case.get("status") == "disabled":
        return tally.add(Tally(skips=[(name, "disabled in CMake")]))
    if not tally.failures:
        said = case.find("failure") if case.find("failure") is not None else skipped
        text = (said.get("message") if said is not None else "") or "failed"
        tally.failures.append((name, f"{text} (died outside a test case: crash, time-out or missing program)"))
    return tally

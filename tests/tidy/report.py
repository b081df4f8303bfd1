"""Runs unittest cases and writes the XML form of GoogleTest, so that tests/run.sh counts them like the rest."""
import os
import sys
import time
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path


class _Result(unittest.TextTestResult):
    def __init__(self, *args):
        super().__init__(*args)
        self.cases = []

    def _add(self, test, kind=None, message=""):
        # What goes wrong, or is skipped, for a whole class comes without a method.
        self.cases.append((type(test).__name__, getattr(test, "_testMethodName", test.id()), kind, message))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._add(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._add(test, "failure", str(err[1]))

    def addError(self, test, err):
        super().addError(test, err)
        self._add(test, "failure", repr(err[1]))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._add(getattr(test, "test_case", test), "skipped", reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._add(test, "failure", f"{subtest._subDescription()}: {err[1]}")


def write(name, cases):
    """cases: (class, test, None | failure | skipped, message)"""
    output = os.environ.get("GTEST_OUTPUT", "")
    if not output.startswith("xml:"):
        return
    root = xml.Element("testsuites", name=name)
    suite = xml.SubElement(root, "testsuite", name=name)
    for group, test, kind, message in cases:
        result = "skipped" if kind == "skipped" else "completed"
        case = xml.SubElement(suite, "testcase", classname=group, name=test, status="run", result=result)
        if kind:
            xml.SubElement(case, kind, message=message)
    xml.ElementTree(root).write(Path(output[4:]) / f"{name}.xml")


def main(name, module):
    begin = time.monotonic()
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    result = unittest.TextTestRunner(resultclass=_Result, verbosity=2).run(suite)
    write(name, result.cases)
    print(f"{name}: {time.monotonic() - begin:.1f} s")
    sys.exit(0 if result.wasSuccessful() and result.cases else 1)

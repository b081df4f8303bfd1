"""The counter of tests/run.sh: no failure, crash or skip may get lost in it."""
import sys
import tempfile
import unittest
from pathlib import Path

import report
from source import ROOT

sys.path.insert(0, str(ROOT / "tests/tools"))
from results import read_ctest  # noqa: E402

GOOGLETEST = """<testsuites><testsuite name="A">
<testcase name="passes" status="run" result="completed" classname="A"/>
<testcase name="skips" status="run" result="skipped" classname="A"><skipped message="a.cpp:4&#x0A;no kernel for it"/></testcase>
<testcase name="DISABLED_off" status="notrun" result="suppressed" classname="A"/>
<testcase name="fails" status="run" result="completed" classname="A"><failure message="a.cpp:6&#x0A;Expected equality"/></testcase>
</testsuite></testsuites>"""


class Counter(unittest.TestCase):
    def count(self, cases, reports=(), program="/b/unit_a"):
        """cases: ctest's inner XML of the entry unit_a."""
        with tempfile.TemporaryDirectory() as directory:
            junit = Path(directory) / "j.junit"
            junit.write_text(f"<testsuite>{cases}</testsuite>")
            for name, text in reports:
                (Path(directory) / name).write_text(text)
            tally = read_ctest(junit, directory, [{"name": "unit_a", "command": [program]}])
            return tally.passed, [r for _, r in tally.failures], [r for _, r in tally.skips]

    def test_cases_are_counted_not_programs(self):
        passed, failures, skips = self.count('<testcase name="unit_a" status="fail"><failure message=""/></testcase>', [("unit_a.xml", GOOGLETEST)])
        self.assertEqual((passed, failures, skips), (1, ["a.cpp:6 | Expected equality"], ["no kernel for it", "disabled in the source"]))

    def test_a_program_that_dies_is_a_failure_even_without_a_report(self):
        passed, failures, _ = self.count('<testcase name="unit_a" status="fail"><failure message="Timeout"/></testcase>')
        self.assertEqual((passed, len(failures)), (0, 1))
        self.assertIn("Timeout", failures[0])

    def test_a_program_that_was_not_built_is_a_failure(self):
        _, failures, skips = self.count('<testcase name="unit_a" status="notrun"><skipped message="Unable to find executable"/></testcase>')
        self.assertEqual((len(failures), skips), (1, []))

    def test_an_entry_that_ctest_did_not_run_is_a_failure(self):
        self.assertEqual(len(self.count("")[1]), 1)

    def test_a_program_that_passes_without_a_test_is_a_failure(self):
        self.assertEqual(self.count('<testcase name="unit_a" status="run"/>', [("unit_a.xml", "<testsuites/>")])[1], ["passed without running a test"])

    def test_a_report_that_cannot_be_read_is_a_failure(self):
        self.assertEqual(self.count('<testcase name="unit_a" status="run"/>', [("unit_a.xml", "<testsuites")])[1], ["left an unreadable report"])

    def test_an_entry_without_report_counts_as_one(self):
        self.assertEqual(self.count('<testcase name="unit_a" status="run"/>', program="/bin/sh"), (1, [], []))

    def test_a_skip_of_a_whole_entry_keeps_its_reason(self):
        self.assertEqual(self.count('<testcase name="unit_a" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out>no memfd here</system-out></testcase>')[2], ["no memfd here"])

    def test_the_report_of_another_program_is_not_taken(self):
        self.assertEqual(self.count('<testcase name="unit_a" status="run"/>', [("unit_ab.xml", GOOGLETEST)]), (1, [], []))

    def test_bytes_that_xml_forbids_do_not_hide_a_failure(self):
        passed, failures, _ = self.count('<testcase name="unit_a" status="fail"><failure message=""/><system-out>\x01\x02</system-out></testcase>', [("unit_a.xml", GOOGLETEST)])
        self.assertEqual((passed, len(failures)), (1, 1))


if __name__ == "__main__":
    report.main("tidy_results", "__main__")

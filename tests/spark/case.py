"""What the test cases of this tier have in common."""
import sys
import unittest
from pathlib import Path

import install

BUILD = Path(sys.argv[1]).resolve()
JOBS = Path(__file__).parent / "jobs"
PATIENCE_S = 240  # a JVM on a machine with other work; nothing waits so long by itself


class SparkCase(unittest.TestCase):
    """Installs once per class; a machine that can't is a skip with its reason."""

    @classmethod
    def setUpClass(cls):
        try:
            (BUILD / "spark").mkdir(exist_ok=True)
            cls.shim = install.shim(BUILD)
            cls.sparks = [install.spark(BUILD, line) for line in install.lines_wanted()]
        except install.Missing as missing:
            raise unittest.SkipTest(str(missing)) from missing

    def each_spark(self, body):
        for spark in self.sparks:
            with self.subTest(spark=spark.line):
                try:
                    body(spark)
                except install.Missing as missing:
                    self.skipTest(str(missing))

"""deploy/spark/settings.md against Spark 4.3 and the lines of OUTRIGGER_SPARK_LINES: every key of each Spark has a row, no row is stale, every refusal is said."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import install  # noqa: E402
import jvm  # noqa: E402
import report  # noqa: E402

BUILD = Path(sys.argv[1]).resolve()
NEWEST = "4.3"


class SettingsTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (BUILD / "spark").mkdir(exist_ok=True)
        try:
            cls.compiled = jvm.classes(BUILD)
            cls.sparks = [install.spark(BUILD, line) for line in sorted({NEWEST, *install.lines_wanted()})]
        except install.Missing as missing:
            raise unittest.SkipTest(str(missing)) from missing

    def test_every_key_of_spark_has_one_handling_and_every_refusal_is_said(self):
        for spark in self.sparks:
            with self.subTest(spark=spark.line):
                cases, said = jvm.junit(BUILD, self.compiled, spark, ["SettingsTableTest"])
                print("".join(f"   {line}\n" for line in said.splitlines() if line.startswith("Spark ")), end="", flush=True)
                self.assertGreaterEqual(len(cases), 3, said[-400:])
                self.assertEqual([f"{name}: {message}" for _, name, kind, message in cases if kind], [])


if __name__ == "__main__":
    sys.argv = sys.argv[:2]
    report.main("spark_settings", "__main__")

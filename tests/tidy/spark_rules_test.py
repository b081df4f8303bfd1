"""Every rule of the Spark side, S1 to S33, stands in the name of a test: the index of which tests those are is printed."""
import re
import unittest
from collections import defaultdict

import report
from source import tracked

RULES = 33
NAMES = {  # how a test begins, by kind of file
    ".cpp": re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.M),
    ".py": re.compile(r"^( {4})def (test_\w+)\(", re.M),
    ".java": re.compile(r"@Test\s+(?:@\w+(?:\([^)]*\))?\s+)*()(?:public )?void (\w+)\("),
}
PLACES = ("tests/", "shim/java/src/test/")


def rules_in(name):
    return {int(number) for number in re.findall(r"(?:^|_)S(\d+)(?=_|$)", name)}


def index(files):
    """rule -> path -> tests"""
    found = defaultdict(lambda: defaultdict(list))
    for file in files:
        if file.path.startswith(PLACES) and file.suffix in NAMES:
            for _, name in NAMES[file.suffix].findall(file.text):
                for rule in rules_in(name):
                    found[rule][file.path].append(name)
    return found


class SparkRules(unittest.TestCase):
    def test_every_rule_has_a_test_that_carries_its_number(self):
        found = index(tracked())
        for rule in range(1, RULES + 1):
            print(f"S{rule}: " + "; ".join(f"{path} ({len(names)})" for path, names in sorted(found[rule].items())))
        self.assertEqual([f"S{rule}" for rule in range(1, RULES + 1) if not found[rule]], [], "rules without a test")
        self.assertEqual([f"S{rule}" for rule in found if not 1 <= rule <= RULES], [], "tests of rules that do not exist")

    def test_names_are_read(self):
        self.assertEqual(rules_in("S3_S4_S25_profiles"), {3, 4, 25})
        self.assertEqual(rules_in("test_S12_the_config_map"), {12})
        self.assertEqual(rules_in("spark_S_and_S3x_TLS1_2"), set())
        self.assertEqual(NAMES[".java"].findall("  @Test\n  @Timeout(5)\n  void S7_a() throws"), [("", "S7_a")])
        self.assertEqual(NAMES[".cpp"].findall("TEST(Agent,\n     S8_b) {"), [("Agent", "S8_b")])


if __name__ == "__main__":
    report.main("tidy_spark_rules", "__main__")

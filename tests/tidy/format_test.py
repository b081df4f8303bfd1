"""Every C and C++ file is as clang-format 19 writes it."""
import re
import shutil
import subprocess
import unittest

import report
from source import ROOT, cpp_files


class Format(unittest.TestCase):
    def setUp(self):
        self.program = shutil.which("clang-format-19")
        if not self.program:
            self.skipTest("clang-format-19 is not installed")

    def test_every_file_is_formatted(self):
        names = [f.path for f in cpp_files()]
        self.assertTrue(names)
        done = subprocess.run([self.program, "--dry-run", "-Werror", *names], cwd=ROOT, capture_output=True, text=True, check=False)
        bad = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error:", done.stderr, re.M)))
        if done.returncode != 0:
            self.fail(f"run clang-format-19 -i on: {' '.join(bad) or done.stderr[:300]}")

    def test_a_badly_formatted_file_is_found(self):
        done = subprocess.run([self.program, "--dry-run", "-Werror", "--assume-filename=a.cpp"], input="int  x ;\n", cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    report.main("tidy_format", "__main__")

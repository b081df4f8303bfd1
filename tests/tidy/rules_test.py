"""Each rule on the tree, and each rule on a sample that breaks it."""
import unittest

import include_table
import report
import rules
from source import HAND_WRITTEN, ROOT, File, cpp_files, tracked


class Tree(unittest.TestCase):
    """What the repository promises about its own text."""

    def test_the_table_of_agent_README_has_a_row_for_every_room(self):
        rows = include_table.parse_table((ROOT / "agent/README.md").read_text())
        rooms = {include_table.room_of(f.path) for f in cpp_files("agent/", "ipc/", "shim/")}
        self.assertLessEqual(rooms, set(rows), "rooms without a row")
        self.assertGreaterEqual(len(rows), 10)

    def test_includes_follow_the_table(self):
        rows = include_table.parse_table((ROOT / "agent/README.md").read_text())
        self.none(hit for f in cpp_files("agent/", "ipc/", "shim/") for hit in include_table.bad_includes(f, rows))

    def test_no_private_third_party_reaches_another_room(self):
        rows = include_table.parse_table((ROOT / "agent/README.md").read_text())
        self.none(include_table.leaks(cpp_files("agent/", "ipc/", "shim/"), rows))

    def test_the_link_graph_follows_the_table(self):
        rows = include_table.parse_table((ROOT / "agent/README.md").read_text())
        lists = [f for f in tracked() if f.path.endswith("CMakeLists.txt")]
        self.assertTrue(any("outrigger_room(" in f.text for f in lists))
        self.none(hit for f in lists for hit in include_table.bad_links(f, rows))

    def test_95_percent_of_the_files_are_under_400_lines(self):
        median, share, above, counts = rules.sizes([f for f in tracked() if f.suffix in HAND_WRITTEN])
        print(f"\n{len(counts)} files, median {median} lines, {share:.1%} under 400; above: {', '.join(above) or 'none'}")
        self.assertGreaterEqual(share, 0.95, "too many long files: " + ", ".join(above))
        self.assertLessEqual(median, 150, "the median is meant to be about 100")

    def none(self, violations):
        found = sorted(set(violations))
        if found:
            self.fail(f"{len(found)} violations: " + "; ".join(found[:40]))


def _on_tree(rule):
    return lambda self: self.none(hit for f in tracked() for hit in rule(f))


for _rule in rules.ON_EACH_FILE:
    setattr(Tree, f"test_{_rule.__name__}", _on_tree(_rule))


class SelfTest(unittest.TestCase):
    """A rule that cannot fail is no rule."""

    def breaks(self, rule, path, text):
        self.assertTrue(rule(File(path, text)), f"{rule.__name__} let this pass: {text!r}")

    def holds(self, rule, path, text):
        self.assertEqual(rule(File(path, text)), [])

    def test_atomics(self):
        self.breaks(rules.atomics_stay_in_ipc_and_io, "agent/flow/a.h", "std::atomic<int> x;")
        self.breaks(rules.atomics_stay_in_ipc_and_io, "shim/a.cpp", "#include <atomic>")
        self.holds(rules.atomics_stay_in_ipc_and_io, "agent/io/a.h", "std::atomic<int> x;")
        self.holds(rules.atomics_stay_in_ipc_and_io, "agent/flow/a.h", "// no std::atomic here\n")

    def test_purity(self):
        for text in ("auto t = std::chrono::steady_clock::now();", "time(nullptr);", "std::this_thread::sleep_for(x);", 'getenv("A");',
                     "std::mutex m;", "std::random_device d;", "static int calls = 0;", "inline std::string name;", "#include <thread>",
                     "std::ifstream in;", "thread_local int x;", "#include <sys/socket.h>"):
            self.breaks(rules.pure_rooms_are_pure, "agent/core/a.cpp", text)
        for text in ("static constexpr int k = 1;", "inline const std::string& name() {", "static int add(int a, int b) {", "// steady_clock::now",
                     'log("getenv(x)");', "namespace a {", "using Clock = std::chrono::steady_clock;", "inline constexpr std::size_t n = 4;"):
            self.holds(rules.pure_rooms_are_pure, "agent/core/a.cpp", text)
        self.holds(rules.pure_rooms_are_pure, "agent/io/a.cpp", "getenv(name);")

    def test_sleeps(self):
        for text in ("std::this_thread::sleep_for(1ms);", "usleep(5);", "sleep (1);", "time.sleep(1)", "nanosleep(&t, nullptr);"):
            self.breaks(rules.tests_do_not_sleep, "tests/unit/a_test.cpp", text)
        self.holds(rules.tests_do_not_sleep, "tests/unit/a_test.cpp", "wakes_from_sleep(); reader_sleeps(1); channel.sleep(t);")
        self.holds(rules.tests_do_not_sleep, "tests/unit/a_test.cpp", "void sleep(const Token&) override {}")

    def test_headers(self):
        self.breaks(rules.headers_have_pragma_once, "agent/core/a.h", "struct A {};\n")
        self.holds(rules.headers_have_pragma_once, "agent/core/a.h", "// a\n#pragma once\n")
        self.breaks(rules.headers_have_no_using_namespace, "ipc/a.h", "using namespace std;")
        self.breaks(rules.headers_have_no_using_namespace, "ipc/a.h", "using namespace std::chrono_literals;")
        self.breaks(rules.headers_have_no_using_namespace, "tests/a.h", "using namespace std;")
        self.holds(rules.headers_have_no_using_namespace, "tests/a.h", "using namespace std::chrono_literals;")
        self.holds(rules.headers_have_no_using_namespace, "ipc/a.cpp", "using namespace std;")

    def test_machine_paths(self):
        for text in ("/home/joe/x", "see /work/area", "/root/.cache", "https://pypi.example.org/simple", "https://a.mirror.example.com/x", "../shared/x"):
            self.breaks(rules.no_path_of_a_machine, "README.md", text)
        for text in ("/var/run/secrets/kubernetes.io", "/opt/spark/work-dir", "https://kubernetes.io/docs", "spark/work/dir", "/tmp/outrigger"):
            self.holds(rules.no_path_of_a_machine, "README.md", text)

    def test_text(self):
        self.breaks(rules.lines_end_clean, "a.cpp", "int x; \n")
        self.breaks(rules.shell_scripts_stop_at_errors, "a.sh", "#!/bin/sh\ntrue\n")
        self.holds(rules.shell_scripts_stop_at_errors, "a.sh", "#!/usr/bin/env bash\nset -euo pipefail\n")

    def test_sizes(self):
        _, share, above, _ = rules.sizes([File("a.cpp", "x\n" * 401), File("b.cpp", "x\n")])
        self.assertEqual((share, len(above)), (0.5, 1))

    TABLE = "| room | may include | third parties |\n|---|---|---|\n| `core` | std | tl::expected |\n| `kube` | core | simdjson, privately |\n" \
            "| `io` | core, kube values | curl, privately |\n| `app.*`, `main.cpp` | everything | - |\n"

    def test_include_table(self):
        rows = include_table.parse_table(self.TABLE)
        self.assertEqual(rows["io"].rooms, {"core", "kube"})
        bad = [("agent/core/a.h", '#include "agent/kube/b.h"'), ("agent/core/a.cpp", "#include <simdjson.h>"),
               ("agent/kube/a.cpp", "#include <curl/curl.h>"), ("agent/kube/a.cpp", '#include "b.h"'), ("ipc/a.cpp", '#include "agent/core/b.h"'),
               ("shim/a.cpp", '#include "agent/core/b.h"'), ("agent/kube/a.cpp", '#include "agent/app.h"'), ("agent/new/a.cpp", ""),
               ("agent/io/a.cpp", "#include <boost/interprocess/mapped_region.hpp>")]
        for path, text in bad:
            self.assertTrue(include_table.bad_includes(File(path, text), rows), f"{path}: {text}")
        good = [("agent/kube/a.cpp", "#include <simdjson.h>"), ("agent/kube/a.h", '#include "agent/core/b.h"'), ("shim/a.cpp", '#include "ipc/b.h"'),
                ("agent/main.cpp", '#include "agent/io/b.h"\n#include <curl/curl.h>'), ("agent/core/a.h", "#include <tl/expected.hpp>"),
                ("ipc/a.cpp", "#include <boost/interprocess/mapped_region.hpp>"), ("agent/core/a.cpp", '// #include "agent/io/b.h"')]
        for path, text in good:
            self.assertEqual(include_table.bad_includes(File(path, text), rows), [])

    def test_leaks(self):
        rows = include_table.parse_table(self.TABLE)
        private = File("agent/kube/reader.h", "#include <simdjson.h>")
        public = File("agent/kube/decoder.h", '#include "agent/kube/reader.h"')
        own = File("agent/kube/decoder.cpp", '#include "agent/kube/reader.h"')
        self.assertEqual(include_table.leaks([private, own], rows), [])
        self.assertEqual(len(include_table.leaks([private, public, File("agent/io/a.cpp", '#include "agent/kube/decoder.h"')], rows)), 1)

    def test_link_graph(self):
        rows = include_table.parse_table(self.TABLE)
        for text in ("outrigger_room(core SOURCES a.cpp PUBLIC outrigger::kube)", "outrigger_room(kube PRIVATE CURL::libcurl)", "outrigger_room(kube\n  PRIVATE outrigger::boost)"):
            self.assertTrue(include_table.bad_links(File("x/CMakeLists.txt", text), rows), text)
        self.assertEqual(include_table.bad_links(File("x", "outrigger_room(kube PUBLIC outrigger::core PRIVATE simdjson::simdjson)"), rows), [])


if __name__ == "__main__":
    report.main("tidy_rules", "__main__")

"""Point by point: is the pod that the agent makes the one that stock Spark would have posted? For each configuration of fidelity/corpus.conf, each Spark line
and ids of 1 to 5 digits; deploy/spark/fidelity.md is the table. `fidelity_test.py BUILD --write` writes it anew, for the lines of OUTRIGGER_SPARK_LINES."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import install  # noqa: E402
import jvm  # noqa: E402
import report  # noqa: E402

BUILD = Path(sys.argv[1]).resolve()
HERE = Path(__file__).parent / "fidelity"
CORPUS = HERE / "corpus.conf"
DOCUMENT = install.ROOT / "deploy/spark/fidelity.md"
BOUND_S = 900
HEAD = """# What the agent stamps, configuration by configuration

Written by `tests/spark/fidelity_test.py BUILD --write`, checked by the same test. For each configuration of `tests/spark/fidelity/corpus.conf` the pods of 25 ids of
1 to 5 digits (and their claims) are made twice: by stock Spark's own builder and allocator code for that id, and by the agent's code from the five renderings that
the shim posts. Both are compared as canonical JSON, byte for byte.

| cell | means |
|---|---|
| stamped | the agent stamps it from a template; equal to Spark's |
| driver (S2) | a feature step of the user and no `spark.outrigger.rendering=stamp`, or `rendering=driver`: each pod is rendered in the driver |
| driver, path | the renderings do not derive from the id: each pod is rendered in the driver by itself, after one warning with this JSON path (S3) |
| Spark, exception | stock Spark cannot build this pod; the shim fails with the same exception |
| agent, path | the agent never posts such a thing; the warning names the path |

What the agent adds to every pod: `metadata.namespace`, the label `outrigger-nonce`; to claims also the labels of their executor. What it leaves out:
`metadata.generateName`. What is compared in one order, because Spark shuffles it at each rendering (S1): several local directories. The random name of the
default local directory is one for the application instead of one for each pod.

The last column is the agent's pod policy as it is by default (`policy.*` of its configuration): what it refuses, with the path, until it is allowed there.

"""


def sections():
    """(name, environment) of each configuration."""
    found = []
    for line in CORPUS.read_text().splitlines():
        if line.startswith("["):
            found.append((line[1:-1], {}))
        elif line.startswith("@env."):
            name, value = line[5:].split("=", 1)
            found[-1][1][name.strip()] = value.strip().replace("FIXTURES", str(HERE / "fixtures"))
    return found


def judge(compiled, spark):
    """name -> what Fidelity.java says of it. One JVM for each environment that the corpus asks for."""
    log, out = BUILD / f"spark/fidelity-{spark.line}.log", BUILD / f"spark/fidelity-{spark.line}.json"
    log.unlink(missing_ok=True)
    found = {}
    for own in sorted({tuple(sorted(environment.items())) for _, environment in sections()}):
        line = jvm.command(compiled, spark, "io.outrigger.spark.Fidelity", [CORPUS, BUILD / "bin/outrigger-stamper", out],
                           options=[f"-Dlog4j2.configurationFile={HERE / 'fixtures/quiet.properties'}"])
        code = jvm.run(line, log, BUILD / "spark", BOUND_S, **dict(own), FIDELITY_ENVIRONMENT=",".join(name for name, _ in own))
        if code != 0:
            raise AssertionError(f"Fidelity on Spark {spark.line} ended with {code}: {log.read_text(errors='replace')[-600:]}")
        found.update({each["name"]: each for each in json.loads(out.read_text())})
    print(f"   Spark {spark.line}: {len(found)} configurations judged", flush=True)
    return found


def cell(found):
    path = found.get("path", "").replace("|", "\\|")
    return {"stamped": "stamped", "driver": f"driver, `{path}`" if path else "driver (S2)", "spark": f"Spark, {path}", "agent": f"agent, `{path}`"}[found["outcome"]]


def written():
    """The table as it stands: name -> column -> cell."""
    rows, columns = {}, []
    for line in DOCUMENT.read_text().splitlines() if DOCUMENT.exists() else []:
        cells = [part.strip() for part in line.replace("\\|", "\0").strip("|").split("|")]
        if cells[0] == "configuration":
            columns = cells[1:]
        elif len(cells) == len(columns) + 1 and columns and not cells[0].startswith("-"):
            rows[cells[0]] = dict(zip(columns, [part.replace("\0", "\\|") for part in cells[1:]]))
    return rows


def document(results):
    """The columns of the lines that ran are new, the others stay."""
    rows, lines = written(), sorted(install.SPARKS)
    text = HEAD + "| configuration | " + " | ".join(lines) + " | default policy |\n|" + "---|" * (len(lines) + 2) + "\n"
    for name, _ in sections():
        row = rows.get(name, {})
        policies = {found[name]["policy"] or "" for found in results.values() if "policy" in found[name]}
        for line, found in results.items():
            row[line] = cell(found[name])
        if results:
            row["default policy"] = ", ".join(f"`{path}`" for path in sorted(policies) if path)
        text += f"| {name} | " + " | ".join([*(row.get(line, "?") for line in lines), row.get("default policy", "")]).rstrip() + " |\n"
    return text


class Fidelity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (BUILD / "spark").mkdir(exist_ok=True)
        try:
            compiled = jvm.classes(BUILD)
            sparks = [install.spark(BUILD, line) for line in install.lines_wanted()]
        except install.Missing as missing:
            raise unittest.SkipTest(str(missing)) from missing
        cls.results = {spark.line: judge(compiled, spark) for spark in sparks}

    def none(self, wrong_of):
        """`wrong_of` says of one result what is wrong with it."""
        found = [f"{line} {name}: {wrong_of(one)}" for line, all_of in self.results.items() for name, one in all_of.items() if wrong_of(one)]
        self.assertEqual(found[:5], [], f"{len(found)} in all")

    def test_every_configuration_was_judged_for_25_ids_of_1_to_5_digits(self):
        for line, found in self.results.items():
            self.assertEqual(sorted(found), sorted(name for name, _ in sections()), line)
        self.none(lambda one: one["outcome"] in ("stamped", "driver") and one["ids"] != 25)

    def test_S1_the_pod_is_spark_s_own_byte_for_byte(self):
        self.none(lambda one: one["problems"][:2])

    def test_at_least_60_configurations_are_stamped(self):
        for line, found in self.results.items():
            self.assertGreaterEqual(sum(one["outcome"] == "stamped" for one in found.values()), 60, line)

    def test_S2_with_a_step_of_the_user_the_driver_renders_and_nothing_is_warned_of(self):
        for found in self.results.values():
            one = found["step-of-a-user"]
            self.assertEqual((one["outcome"], one["by"], one["warnings"]), ("driver", {"driver": 25}, []))
            self.assertEqual(found["step-of-a-user-stamped"]["outcome"], "stamped")

    def test_S3_what_cannot_be_stamped_is_rendered_in_the_driver_after_one_warning_with_its_path(self):
        for found in self.results.values():
            fallen = [one for one in found.values() if one["outcome"] == "driver" and not one["by_setting"]]
            self.assertGreaterEqual(len(fallen), 4)
            for one in fallen:
                self.assertGreater(one["by"]["driver"], 0)
                self.assertEqual(len(one["warnings"]), 1, one["warnings"])
                self.assertIn(f"(at {one['path']})", one["warnings"][0])
                self.assertTrue(one["path"].startswith("$."), one["path"])

    def test_S3_what_spark_refuses_is_refused_and_what_is_no_pod_is_warned_of(self):
        for found in self.results.values():
            self.assertGreaterEqual(sum(one["outcome"] == "spark" for one in found.values()), 10)
            self.assertEqual(found["template-that-is-a-service"]["outcome"], "agent")
            self.assertIn("$.kind", found["template-that-is-a-service"]["warnings"][0])

    def test_the_table_is_up_to_date(self):
        made = document(self.results).splitlines()
        stands = DOCUMENT.read_text().splitlines() if DOCUMENT.exists() else []
        differ = [f"{new} instead of {old}" for new, old in zip(made, stands) if new != old][:5]
        self.assertTrue(made == stands, f"run fidelity_test.py BUILD --write; {len(made)} lines, {len(stands)} stand; {differ}")


def write():
    Fidelity.setUpClass()
    for line, found in Fidelity.results.items():
        for name, one in found.items():
            for problem in one["problems"]:
                print(f"   Spark {line}, {name}: {problem}")
    DOCUMENT.write_text(document(Fidelity.results))
    print(f"{DOCUMENT} written for Spark {', '.join(Fidelity.results)}")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    else:
        sys.argv = sys.argv[:2]
        report.main("spark_fidelity", "__main__")

"""The Spin models of the channel: each holds as it stands, each mutant is refuted by the claim that is meant to refute it."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tidy"))
import catalog  # noqa: E402
import report  # noqa: E402
import spin  # noqa: E402


class Models(unittest.TestCase):
    """One test per case of the catalog."""

    rows = []

    @classmethod
    def setUpClass(cls):
        if why := spin.missing():
            raise unittest.SkipTest(why)

    def judge(self, case):
        verdict = spin.verify(case.model, case.defines, case.liveness)
        self.rows.append((case, verdict))
        print(f"\n  {verdict.states:,} states, {verdict.seconds:.1f} s, {verdict.broken or 'holds'}", flush=True)
        if case.refuted_by:
            self.assertEqual(verdict.broken, case.refuted_by, f"{case.what}: {verdict.output[-600:]}")
        else:
            self.assertTrue(verdict.holds, f"{verdict.broken or 'not every state was reached'}: {verdict.output[-600:]}")

    @classmethod
    def tearDownClass(cls):
        print(f"\n{'model':52}{'states':>12}{'depth':>8}{'seconds':>9}  verdict")
        for case, verdict in cls.rows:
            said = f"refuted by {verdict.broken}" if verdict.broken else "holds" if verdict.holds else "not finished"
            name = " ".join([case.model, *case.defines, case.liveness]).strip()
            print(f"{name:52}{verdict.states:12,}{verdict.depth:8,}{verdict.seconds:9.1f}  {said}  ({case.what})")
        print(f"{'all':52}{sum(v.states for _, v in cls.rows):12,}{'':8}{sum(v.seconds for _, v in cls.rows):9.1f}")


def _add(kind, cases):
    for case in cases:
        setattr(Models, f"test_{kind}_{case.name}", lambda self, case=case: self.judge(case))


_add("1_holds", catalog.HOLDS)
_add("2_refuted", catalog.MUTANTS)
_add("3_finding", catalog.FINDINGS)

if __name__ == "__main__":
    report.main("model_spin", "__main__")

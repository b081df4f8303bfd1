"""Client mode against a real kube-apiserver, as a user who may do what a driver's account may. Its executors are simulated."""
import os
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
sys.path.insert(0, str(Path(__file__).parents[1] / "controlplane"))
import controlplane  # noqa: E402
import report  # noqa: E402
from case import BUILD, JOBS, PATIENCE_S, SparkCase  # noqa: E402
from stage import Stage, facts, until  # noqa: E402

EXECUTORS = 50


class OnPlane(Stage):
    """A driver and its agent beside a control plane that somebody else started."""

    def __init__(self, build, spark, shim, plane):  # pylint: disable=super-init-not-called  # that one starts the embedded server
        self.build, self.spark, self.shim, self.plane = build, spark, shim, plane
        self.directory, self.kubeconfig, self.programs = plane.directory, plane.kubeconfig("restricted"), []

    def names(self, what):
        return {event.name for event in self.plane.events() if event.what == what}


def verbs(plane):
    """Completed requests by verb and resource."""
    return Counter((entry["verb"], entry.get("objectRef", {}).get("resource")) for entry in plane.audit() if entry["stage"] == "ResponseComplete")


class RealApiServer(SparkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.binary = controlplane.build(BUILD)
        except controlplane.Missing as missing:
            raise unittest.SkipTest(str(missing)) from missing

    def hold(self, stage, during):
        """Runs a job until its executors run, calls `during`, ends it; the job's facts."""
        go = stage.directory / "go"
        os.mkfifo(go)
        job = stage.launch(JOBS / "hold.py", go, conf={"spark.executor.instances": EXECUTORS, "spark.scheduler.minRegisteredResourcesRatio": 0})
        until(PATIENCE_S, lambda: "threads" in facts(job.out()) and len(stage.names("Running")) >= EXECUTORS or not job.alive())
        try:
            self.assertTrue(job.alive(), f"{job.last_words()}; see {stage.directory}")
            self.assertEqual(len(stage.names("Running")), EXECUTORS, f"see {stage.directory}")
            during()
        finally:
            writer = os.open(go, os.O_RDWR)  # never blocks, and lets the job's open return
        code = job.wait(PATIENCE_S)
        os.close(writer)
        self.assertEqual(code, 0, f"the job ended with {code}; see {stage.directory}")
        return facts(job.out())

    def test_exactly_as_many_POSTs_as_executors_one_LIST_and_none_left(self):
        def body(spark):
            place = Path(tempfile.mkdtemp(prefix="plane-", dir=BUILD / "spark"))
            with controlplane.ControlPlane(self.binary, place, nodes=3) as plane, OnPlane(BUILD, spark, self.shim, plane) as stage:
                # The drain looks itself whether anything is left, so LISTs are counted before it.
                found = self.hold(stage, lambda: self.assertEqual(verbs(plane)["list", "pods"], 1, "one LIST, at the start"))
                self.assertTrue(found["stopped"])
                self.assertEqual(stage.names("ADDED") - stage.names("DELETED"), set(), "pods are left")
                requests = [entry for entry in plane.audit() if entry["stage"] in ("ResponseComplete", "ResponseStarted")]
                self.assertEqual(verbs(plane)["create", "pods"], EXECUTORS, "exactly as many POSTs as executors")
                self.assertEqual({entry["user"]["username"] for entry in requests}, {"restricted"})
                self.assertEqual({entry["userAgent"].split("/")[0] for entry in requests}, {"outrigger-agent"}, "the driver knows only its agent")
                refused = [(entry["verb"], entry["requestURI"], entry["responseStatus"]["code"]) for entry in requests if entry["responseStatus"]["code"] >= 400]
                self.assertEqual(refused, [])

        self.each_spark(body)


if __name__ == "__main__":
    sys.argv = sys.argv[:2]
    report.main("spark_real_apiserver", "__main__")

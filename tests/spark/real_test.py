"""Real executors: the embedded server's process kubelet runs each pod's container as a process of this machine."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import report  # noqa: E402
from case import BUILD, JOBS, PATIENCE_S, SparkCase  # noqa: E402
from install import ROOT  # noqa: E402
from stage import Stage, facts  # noqa: E402

KUBELET = ["--kubelet", "process", "--entrypoint", f"spark={ROOT / 'tests/apiserver/kubelet/spark_entrypoint.sh'}"]


class RealExecutors(SparkCase):
    def stage(self, spark):
        return Stage(BUILD, spark, self.shim, server_arguments=KUBELET)

    def test_a_job_computes_on_executors_that_the_agent_made(self):
        def body(spark):
            with self.stage(spark) as stage:
                job = stage.launch(JOBS / "compute.py", conf={
                    "spark.executor.instances": 2, "spark.executor.memory": "512m", "spark.scheduler.minRegisteredResourcesRatio": 1,
                    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
                    # All pods have one address here, but each its own disk: Spark must not look for a neighbour's files.
                    "spark.shuffle.readHostLocalDisk": "false"})
                code = job.wait(PATIENCE_S)
                self.assertEqual(code, 0, f"{job.last_words()}; see {stage.directory}")
                found = facts(job.out())
                self.assertEqual(found["groups"], [100_000] * 10)
                self.assertEqual(found["squares"], sum(n * n for n in range(1000)))
                self.assertEqual(found["executors"], 2)
                self.assertEqual(stage.pods(), {}, "pods are left")
                self.assertEqual(len(stage.record()["posts"]["all"]), 2)

        self.each_spark(body)


if __name__ == "__main__":
    sys.argv = sys.argv[:2]
    report.main("spark_real", "__main__")

"""Client mode against the simulated kubelet: what the driver asks, of whom, and what is left. Its executors never register."""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import report  # noqa: E402
from case import JOBS, PATIENCE_S, SparkCase, BUILD  # noqa: E402
from sockets import peers  # noqa: E402
from stage import Stage, facts, until  # noqa: E402

EXECUTORS = 20


class ClientMode(SparkCase):
    def hold(self, stage, during, **launch):
        """Runs the job, calls `during(facts)` once its executors run, ends it; the facts."""
        go = stage.directory / "go"
        os.mkfifo(go)
        settings = {"spark.executor.instances": EXECUTORS, "spark.scheduler.minRegisteredResourcesRatio": 0}
        job = stage.launch(JOBS / "hold.py", go, conf=settings, **launch)
        running = until(PATIENCE_S, lambda: "threads" in facts(job.out()) and stage.running() == EXECUTORS or not job.alive())
        try:
            self.assertTrue(running and job.alive(), f"{stage.running()} of {EXECUTORS} executors; {job.last_words()}; see {stage.directory}")
            during(facts(job.out()))
        finally:
            writer = os.open(go, os.O_RDWR)  # never blocks, and lets the job's open return
        code = job.wait(PATIENCE_S)
        os.close(writer)
        self.assertEqual(code, 0, f"the job ended with {code}; see {stage.directory}")
        return facts(job.out())

    def test_a_job_makes_its_executors_and_leaves_none(self):
        def body(spark):
            with Stage(BUILD, spark, self.shim) as stage:
                found = self.hold(stage, lambda _: None)
                self.assertTrue(found["stopped"])
                self.assertEqual(stage.pods(), {}, "pods are left")
                self.assertEqual(len(stage.record()["posts"]["all"]), EXECUTORS, "exactly as many POSTs as executors")
                failed = [line for line in stage.requests() if not line.rsplit(" ", 1)[1].startswith("2") and not line.startswith("watch")]
                self.assertEqual(failed, [])
                lists = [line for line in stage.requests() if line.startswith("list /api/v1/namespaces/spark/pods") and "outrigger-nonce&limit=500" in line]
                self.assertEqual(len(lists), 1, "one LIST, at the start")

        self.each_spark(body)

    def test_S12_the_config_map_is_there_before_the_first_executor(self):
        def body(spark):
            with Stage(BUILD, spark, self.shim) as stage:
                # Its 5 s are a bound for a driver in trouble; a JVM on a busy machine may need longer for its first request.
                self.hold(stage, lambda _: None, environment={"OUTRIGGER_GATEWAY_CONFIG_MAP_WAIT": "2m"})
                made = [line.split("/")[5].split("?")[0].split(" ")[0] for line in stage.requests() if line.startswith("create /api/v1/namespaces/spark/")]
                self.assertEqual(made[0], "configmaps", made[:3])

        self.each_spark(body)

    def test_S3_pods_that_the_policy_refuses_end_the_application_by_Sparks_own_limit(self):
        def body(spark):
            with Stage(BUILD, spark, self.shim) as stage:
                volume = "spark.kubernetes.executor.volumes.hostPath.data"
                settings = {"spark.executor.instances": EXECUTORS, f"{volume}.mount.path": "/data", f"{volume}.options.path": "/srv"}
                go = stage.directory / "go"
                os.mkfifo(go)  # nobody ever says it
                job = stage.launch(JOBS / "hold.py", go, conf=settings)
                code = job.wait(PATIENCE_S)
                said = job.log()
                self.assertEqual(code, 11, f"SparkExitCode.EXCEED_MAX_EXECUTOR_FAILURES; {job.last_words()}; see {stage.directory}")
                refused = [line for line in said.splitlines() if "refuses the pods of resource profile 0" in line]
                self.assertEqual(len(refused), 1, "one warning")
                self.assertRegex(refused[0], r"\$\.spec\.volumes.*policy\.volumeTypes")
                self.assertEqual(stage.record()["posts"]["all"], [])

        self.each_spark(body)

    def test_the_driver_knows_the_agent_and_nobody_else(self):
        def body(spark):
            with Stage(BUILD, spark, self.shim) as stage:
                def look(found):
                    connected = peers(found["driver"])
                    self.assertNotIn(stage.server_address(), connected, "the driver is connected to the API server")
                    environment = Path(f"/proc/{found['driver']}/environ").read_bytes().decode(errors="replace")
                    self.assertNotIn(stage.server.token, environment)
                    self.assertIn("KUBECONFIG=/dev/null", environment)
                    watching = [name for name in found["threads"] if "pod-polling" in name]
                    self.assertEqual(watching, [], "Spark polls the API by itself")

                self.hold(stage, look)

        self.each_spark(body)


if __name__ == "__main__":
    sys.argv = sys.argv[:2]
    report.main("spark_client", "__main__")

"""Jobs of the kinds that people run, on real executors, in client mode: each must end with the right answer and leave nothing."""
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import install  # noqa: E402
import report  # noqa: E402
from case import BUILD, JOBS, PATIENCE_S, SparkCase  # noqa: E402
from stage import ALL_REGISTERED, REAL_CONF, REAL_KUBELET, Stage, facts, until  # noqa: E402

PROFILE = "spark-exec-resourceprofile-id"
DYNAMIC = {"spark.dynamicAllocation.enabled": "true", "spark.dynamicAllocation.shuffleTracking.enabled": "true", "spark.dynamicAllocation.minExecutors": 0,
           "spark.dynamicAllocation.initialExecutors": 0, "spark.dynamicAllocation.maxExecutors": 3, "spark.dynamicAllocation.executorIdleTimeout": "4s",
           "spark.dynamicAllocation.shuffleTracking.timeout": "5s"}
WIDE = [[key, sum(n for n in range(24) if n % 3 == key)] for key in range(3)]  # of jobs/dynamic.py
LABEL = "example.com/leaving"
DECOMMISSION = {"spark.decommission.enabled": "true", "spark.storage.decommission.enabled": "true", "spark.storage.decommission.shuffleBlocks.enabled": "true",
                "spark.kubernetes.executor.decommissionLabel": LABEL, "spark.kubernetes.executor.decommissionLabelValue": "soon"}
VOLUMES = "emptyDir,configMap,hostPath"  # a host's directory is refused unless the agent's policy lists it
TWO = {"spark.executor.instances": 2, **ALL_REGISTERED}


class Jobs(SparkCase):
    def job(self, script, *arguments, check, conf, during=lambda stage: None, environment=()):
        """Runs it on every line of Spark; `check` gets what it printed and what the server says of it."""

        def body(spark):
            with Stage(BUILD, spark, self.shim, server_arguments=REAL_KUBELET) as stage:
                words = [word.format(stage=stage.directory) for word in arguments]
                settings = {key: str(value).format(stage=stage.directory) for key, value in {**REAL_CONF, **conf}.items()}
                job = stage.launch(JOBS / script, *words, conf=settings, environment=environment)
                until(PATIENCE_S, lambda: during(stage) or not job.alive())
                code = job.wait(PATIENCE_S)
                self.assertEqual(code, 0, f"{job.last_words()}; see {stage.directory}")
                check(job.out(), stage)
                self.assertEqual(stage.pods(), {}, "pods are left")

        self.each_spark(body)

    def posts(self, stage):
        return len(stage.record()["posts"]["all"])

    def test_pi_and_a_shuffle_on_two_executors(self):
        def check(said, stage):
            found = facts(said)
            self.assertEqual(found["groups"], [100_000] * 10)
            self.assertEqual(found["squares"], sum(n * n for n in range(1000)))
            self.assertAlmostEqual(found["pi"], 3.14159, delta=0.02)
            self.assertEqual(found["executors"], 2)
            self.assertEqual(self.posts(stage), 2)

        self.job("compute.py", conf=TWO, check=check)

    def test_dynamic_allocation_goes_up_down_and_up_again(self):
        def check(said, stage):
            found = facts(said)
            self.assertEqual((found["first"], found["second"]), (WIDE, WIDE))
            self.assertEqual((found["before"], found["down"]), (0, 0), "executors without work")
            self.assertGreaterEqual(found["up"], 1)
            self.assertGreaterEqual(found["up_again"], 1)
            self.assertLessEqual(self.posts(stage), 6, "more than twice its most executors")

        self.job("dynamic.py", conf=DYNAMIC, check=check)

    def test_what_is_not_needed_is_decommissioned_and_labelled(self):
        labelled = set()

        def look(stage):
            labelled.update(name for name, pod in stage.pods().items() if pod["metadata"]["labels"].get(LABEL) == "soon")

        def check(said, stage):
            found = facts(said)
            self.assertEqual((found["first"], found["second"]), (WIDE, WIDE))
            self.assertEqual(found["down"], 0, "executors without work")
            self.assertTrue(labelled, "no executor was labelled before it left")

        self.job("dynamic.py", conf={**DYNAMIC, **DECOMMISSION}, check=check, during=look)

    def test_two_resource_profiles_get_executors_of_their_own(self):
        seen = set()

        def look(stage):
            seen.update((pod["metadata"]["labels"].get(PROFILE), pod["spec"]["containers"][0]["resources"]["requests"]["cpu"]) for pod in stage.pods().values())

        def check(said, _):
            found = facts(said)
            self.assertEqual(found["default"], 100)
            self.assertEqual(found["sums"], [[0, sum(range(0, 100, 2)) + 1], [1, sum(range(1, 100, 2)) + 1]])
            self.assertEqual(seen, {("0", "1"), (str(found["profile"]), "2")})

        self.job("profiles.py", conf=DYNAMIC, check=check, during=look)

    def test_a_stateful_stream_over_a_volume_that_executors_share(self):
        def check(said, _):
            found = facts(said)
            self.assertEqual(found["batches"], 5)
            self.assertEqual(found["sums"], [[key, sum(n for n in range(500) if n % 4 == key)] for key in range(4)])

        volume = "spark.kubernetes.executor.volumes.hostPath.shared"
        self.job("streaming.py", "{stage}", check=check, environment={"OUTRIGGER_POLICY_VOLUME_TYPES": VOLUMES, "OUTRIGGER_POLICY_HOST_PATH_PREFIXES": "/"},
                 conf={**TWO, "spark.sql.shuffle.partitions": 4, f"{volume}.mount.path": "{stage}", f"{volume}.options.path": "{stage}"})

    def test_a_spark_connect_session(self):
        def body(spark):
            jars = list((spark.home / "jars").glob("spark-connect_*.jar"))
            if not jars:
                raise install.Missing(f"the package of Spark {spark.line} brings no Spark Connect server")
            install.connect_client(spark)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            with Stage(BUILD, spark, self.shim, server_arguments=REAL_KUBELET) as stage:
                job = stage.launch(jars[0], conf={**REAL_CONF, **TWO, "spark.connect.grpc.binding.port": port},
                                   options=["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"])
                listening = until(PATIENCE_S, lambda: "Spark Connect server started" in job.log() or not job.alive())
                self.assertTrue(listening and job.alive(), f"{job.last_words()}; see {stage.directory}")
                client = stage.start("client", [spark.python, JOBS / "connect_client.py", f"sc://127.0.0.1:{port}"])
                client.process.wait(PATIENCE_S)
                self.assertEqual(facts(client.log.read_text())["days"], [142858] + [142857] * 6, client.last_words())
                job.process.terminate()
                self.assertIsNotNone(job.wait(PATIENCE_S))
                self.assertEqual(stage.pods(), {}, "pods are left")

        self.each_spark(body)


if __name__ == "__main__":
    sys.argv = sys.argv[:2]
    report.main("spark_jobs", "__main__")

"""Cluster mode: spark-submit makes a driver's pod from deploy/spark, which really runs, with the agent as its sidecar."""
import http.client
import os
import sys
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import audit  # noqa: E402
import install  # noqa: E402
import report  # noqa: E402
from case import BUILD, SparkCase  # noqa: E402
from cluster_stage import AGENT_CONTAINER, DRIVER_CONTAINER, ClusterStage, container_of, own_network  # noqa: E402
from stage import ALL_REGISTERED, NAMESPACE, Problem, until  # noqa: E402

GATEWAY = ("127.0.0.1", 7443)
PATIENCE_S = 420  # for four JVMs, one after another, on a machine with other work; nothing waits so long by itself
VOLUME = "spark.kubernetes.executor.volumes.persistentVolumeClaim.data"
CLAIM_ON_DEMAND = {f"{VOLUME}.options.claimName": "OnDemand", f"{VOLUME}.options.storageClass": "fast", f"{VOLUME}.options.sizeLimit": "1Gi",
                   f"{VOLUME}.mount.path": "/data"}


def claims_by_executor(pods):
    """The one claim that each mounts."""
    return {pod["metadata"]["name"]: next(volume["persistentVolumeClaim"]["claimName"] for volume in pod["spec"]["volumes"]
                                          if "persistentVolumeClaim" in volume) for pod in pods}


class ClusterCase(SparkCase):
    line = None  # of Spark; each of those wanted has its own class, because the ports of the pod are fixed

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("pods become processes in namespaces of their own, and only root may do that")
        super().setUpClass()
        cls.spark = next(spark for spark in cls.sparks if spark.line == cls.line)
        own_network()

    def stage(self):
        return ClusterStage(BUILD, self.spark, self.shim)

    def hold(self, stage, conf=()):
        """A job on two executors that waits for its pipe; the job and the pipe."""
        pipe = stage.pipe()
        job = stage.submit("inside.py", conf={**ALL_REGISTERED, **dict(conf)})
        self.assertTrue(stage.wait_facts(PATIENCE_S, "threads", job), stage.why(job))
        return job, pipe

    def until_only(self, stage, names, seconds=60):
        """Waits until exactly these pods are left."""
        if not until(seconds, lambda: sorted(stage.pods()) == sorted(names)):
            self.assertEqual(sorted(stage.pods()), sorted(names), f"pods are left; agent: {stage.said(AGENT_CONTAINER)[-1500:]}")


class WholeJob(ClusterCase):
    """One job from spark-submit to the end of everything it made."""

    def test_a_job_computes_on_real_executors_and_leaves_its_driver_only(self):
        with self.stage() as stage, audit.Census() as census:
            job = stage.submit("compute.py", conf=ALL_REGISTERED)
            self.assertEqual(job.wait(PATIENCE_S), 0, stage.why(job))
            found = stage.facts()
            self.assertTrue(found.get("stopped"), stage.why(job))
            self.assertEqual(found["groups"], [100_000] * 10)
            self.assertEqual(found["squares"], sum(n * n for n in range(1000)))
            self.assertEqual(found["executors"], 2)
            driver = stage.driver()
            self.until_only(stage, [driver["metadata"]["name"]])
            until(30, lambda: stage.driver()["status"]["phase"] == "Succeeded")
            driver = stage.driver()
            self.assertEqual(driver["status"]["phase"], "Succeeded", driver["status"])
            self.sidecar_came_first_and_went_last(stage, driver)
            self.everything_went_through_the_agent(stage, census)
            self.assertEqual(stage.names("services"), [], "Spark deletes its driver's Service at the end, through the gateway")
            self.assertTrue(stage.names("configmaps"), "the driver's own configuration is there as long as its pod")
            stage.delete(driver)
            self.until_only(stage, [])
            self.assertTrue(until(20, lambda: not stage.names("configmaps")), f"left without an owner: {stage.names('configmaps')}")

    def sidecar_came_first_and_went_last(self, stage, driver):
        _, install_shim = container_of(driver, "outrigger-shim")
        _, agent = container_of(driver, AGENT_CONTAINER)
        _, main = container_of(driver, DRIVER_CONTAINER)
        installed, ran, drove = (status["state"]["terminated"] for status in (install_shim, agent, main))
        self.assertEqual([end["exitCode"] for end in (installed, drove, ran)], [0, 0, 0], "shim, driver, agent: 0 is a complete drain")
        self.assertLessEqual(installed["finishedAt"], ran["startedAt"])
        self.assertLessEqual(ran["startedAt"], drove["startedAt"])
        self.assertLessEqual(drove["finishedAt"], ran["finishedAt"])
        self.assertEqual(agent["restartCount"], 0)
        self.assertIn('"complete":"true"', stage.said(AGENT_CONTAINER).replace(" ", ""))

    def everything_went_through_the_agent(self, stage, census):
        record = stage.record()
        self.assertEqual(len(record["posts"]["all"]), 3, "the driver and two executors, each posted once")
        self.assertEqual(sorted(record["posts"]["by_exec_id"].values()), [1, 1])
        users = record["requests_by_user"]
        self.assertEqual(set(users[f"system:serviceaccount:{NAMESPACE}:spark"]), {"outrigger-agent"}, "who used the driver's account")
        self.assertEqual(set(users["submitter"]), {"fabric8-kubernetes-client"}, "spark-submit's own account")
        self.assertNotIn("system:anonymous", users)
        refused = {verb: codes for verb, codes in record["requests_by_agent"]["outrigger-agent"].items() if set(codes) & {"401", "403"}}
        self.assertEqual(refused, {}, "the rights of deploy/spark/README.md are enough")
        self.assertEqual(census.connected_to(*stage.server_address()), {"agent", "spark-submit"}, "who was ever connected to the API server")


class HeldJob(ClusterCase):
    """A driver in the middle of its job, looked at from inside and outside; one job for all these tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.census = audit.Census()
        cls.census.start()
        cls.stage_held = ClusterStage(BUILD, cls.spark, cls.shim)
        cls.addClassCleanup(cls.census.__exit__)
        cls.addClassCleanup(cls.stage_held.__exit__)
        cls.pipe = cls.stage_held.pipe()
        cls.job = cls.stage_held.submit("inside.py", conf=ALL_REGISTERED)
        if not cls.stage_held.wait_facts(PATIENCE_S, "threads", cls.job):
            raise AssertionError(cls.stage_held.why(cls.job))
        cls.facts = cls.stage_held.facts()
        cls.driver = cls.stage_held.driver()
        processes = audit.of_kind("driver")
        cls.jvm = next(process for process in processes if process.program == "java")
        cls.secret = (cls.jvm.root() / "run/outrigger/gateway-token").read_text()

    def ask_gateway(self, method, target, secret):
        connection = http.client.HTTPConnection(*GATEWAY, timeout=30)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        connection.request(method, target, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def test_S28_fabric8_speaks_to_the_gateway_and_the_driver_to_no_server(self):
        self.assertIn("driver", self.census.connected_to(*GATEWAY))
        self.assertEqual(self.census.connected_to(*self.stage_held.server_address()), {"agent", "spark-submit"})

    def test_S29_no_credential_is_in_the_environment_or_the_volumes_of_the_driver(self):
        self.assertLessEqual({"KUBECONFIG=/dev/null", "KUBERNETES_AUTH_TRYKUBECONFIG=false", "KUBERNETES_AUTH_TRYSERVICEACCOUNT=false",
                              "NO_PROXY=127.0.0.1"}, set(self.jvm.environment))
        tokens = list(self.stage_held.tokens.values())
        self.assertEqual([token for token in tokens if any(token in entry for entry in self.jvm.environment)], [])
        places = [*self.mount_points(DRIVER_CONTAINER), "/var/run/secrets/", "/etc/hosts", "/opt/spark/work-dir"]
        self.assertEqual(audit.files_with(self.jvm, places, tokens), [])
        self.assertTrue(audit.files_with(self.jvm, places, [self.secret]), "the search finds what is there: the gateway's secret")
        self.assertEqual(self.facts["service_account"], "ENOENT")
        seen_by_agent = audit.files_with(audit.of_kind("agent")[0], self.mount_points(AGENT_CONTAINER), tokens)
        self.assertEqual({token for _, token in seen_by_agent}, {self.stage_held.tokens["driver"]}, seen_by_agent)

    def test_S30_the_gateway_wants_the_secret_that_the_agent_made(self):
        application = self.label("spark-app-selector")
        target = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=spark-app-selector%3D{application},spark-role%3Dexecutor"
        for secret in (None, "0" * 64, self.stage_held.tokens["driver"]):
            self.assertEqual(self.ask_gateway("GET", target, secret)[0], 401)
        code, body = self.ask_gateway("GET", target, self.secret)
        self.assertEqual((code, body.count('"spark-exec-id"')), (200, 2), body[:300])

    def test_S31_a_selector_may_list_a_thousand_executors(self):
        ids = ",".join(str(n) for n in range(1, 1001))
        selector = quote(f"spark-app-selector={self.label('spark-app-selector')},spark-exec-id in ({ids})")
        code, body = self.ask_gateway("GET", f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}", self.secret)
        self.assertEqual((code, body.count('"spark-exec-id"')), (200, 2), body[:300])
        name = self.driver["metadata"]["name"]
        code, body = self.ask_gateway("GET", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}", self.secret)
        self.assertEqual(code, 200)
        self.assertIn(self.driver["metadata"]["uid"], body)

    def test_S32_the_sidecar_has_a_startup_probe_and_an_outage_leaves_the_driver_ready(self):
        spec, status = container_of(self.driver, AGENT_CONTAINER)
        self.assertIn("startupProbe", spec)
        self.assertNotIn("readinessProbe", spec)
        self.assertTrue(status["started"] and status["ready"])
        ready = self.condition("Ready")
        self.assertEqual(ready["status"], "True")
        self.stage_held.server.ask("POST", "/_control/restart?down=3s")
        self.assertTrue(until(10, lambda: not self.condition_or_nothing()), "the server is away")
        self.assertTrue(until(20, self.condition_or_nothing), "the server is back")
        self.assertEqual(self.condition("Ready"), ready, "as it was, without a change in between")

    def test_S33_a_properties_file_and_a_template_are_all(self):
        self.assertEqual(self.driver["spec"]["terminationGracePeriodSeconds"], 60)
        self.assertEqual(self.driver["spec"]["automountServiceAccountToken"], False)
        spec, _ = container_of(self.driver, DRIVER_CONTAINER)
        self.assertEqual(spec["image"], "apache/spark:test")
        self.assertNotIn("command", spec, "the image's own entrypoint")
        self.assertEqual(spec["args"][0], "driver")

    def test_the_run_directory_is_a_tmpfs_that_the_driver_can_only_read(self):
        options, kind = self.jvm.mounts()["/run/outrigger"]
        self.assertEqual((kind, "ro" in options), ("tmpfs", True))
        self.assertEqual(self.facts["write_run_dir"], "EROFS")
        self.assertIn(self.facts["write_secret"], ("EROFS", "EACCES"))
        self.assertEqual(self.facts["lock_dir"], "ENOENT", "only agents see it")
        self.assertEqual(self.facts["user"], [185, 0], "the image's user")
        self.assertLessEqual({"agent.sock", "gateway-token", "shim", "state"}, set(self.facts["run_dir"]))

    def test_no_thread_of_the_driver_watches_or_polls_pods(self):
        self.assertEqual([name for name in self.facts["threads"] if "pod-polling" in name or "informer" in name.lower()], [])
        self.assertIn("outrigger-shim", self.facts["threads"])

    def test_executors_are_owned_by_the_driver_and_reach_it_where_Spark_says(self):
        executors = self.stage_held.running_executors()
        self.assertEqual((len(executors), self.facts["executors"]), (2, 2))
        services = self.stage_held.names("services")
        self.assertEqual(len(services), 1)
        # 4.3 gives them the pod's address (executor.useDriverPodIP), the lines before its Service's name.
        address = self.driver["status"]["podIP"] if self.line == "4.3" else f"{services[0]}.{NAMESPACE}.svc"
        for pod in executors:
            owner = pod["metadata"]["ownerReferences"][0]
            self.assertEqual((owner["kind"], owner["uid"], owner["controller"]), ("Pod", self.driver["metadata"]["uid"], True))
            environment = {entry["name"]: entry.get("value") for entry in pod["spec"]["containers"][0]["env"]}
            self.assertIn(f"@{address}:", environment["SPARK_DRIVER_URL"])

    def mount_points(self, container):
        return [mount["mountPath"] for mount in container_of(self.driver, container)[0]["volumeMounts"]]

    def label(self, name):
        return self.driver["metadata"]["labels"][name]

    def condition(self, kind):
        return next(c for c in self.stage_held.driver()["status"]["conditions"] if c["type"] == kind)

    def condition_or_nothing(self):
        try:
            return self.condition("Ready")
        except Problem:  # the server is away
            return None


class Settings(ClusterCase):
    """What users set, in cluster mode."""

    def test_S14_each_executor_gets_a_claim_on_demand_and_none_outlives_the_job(self):
        with self.stage() as stage:
            job, pipe = self.hold(stage, CLAIM_ON_DEMAND)
            driver = stage.driver()["metadata"]["uid"]
            items = stage.server.ask("GET", f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims")["items"]
            self.assertEqual([(claim["spec"]["storageClassName"], claim["metadata"]["ownerReferences"][0]["uid"]) for claim in items], [("fast", driver)] * 2)
            used = claims_by_executor(stage.running_executors()).values()
            self.assertEqual(sorted(used), sorted(claim["metadata"]["name"] for claim in items), "one for each")
            writer = os.open(pipe, os.O_RDWR)  # lets the job go on
            self.assertEqual(job.wait(PATIENCE_S), 0, stage.why(job))
            os.close(writer)
            self.assertTrue(until(20, lambda: not stage.names("persistentvolumeclaims")), stage.names("persistentvolumeclaims"))
            self.until_only(stage, [stage.driver()["metadata"]["name"]])

    def test_S14_the_replacement_of_a_killed_executor_mounts_its_claim(self):
        settings = {**ALL_REGISTERED, **CLAIM_ON_DEMAND, "spark.kubernetes.allocation.executor.timeout": "6s"}  # claims that are older may serve again
        with self.stage() as stage:
            job = stage.submit("claims.py", conf=settings)
            self.assertTrue(stage.wait_facts(PATIENCE_S, "first", job), stage.why(job))
            claims = stage.names("persistentvolumeclaims")
            before = claims_by_executor(stage.running_executors())
            self.assertEqual(sorted(before.values()), claims, "one for each")
            self.assertEqual(len(before), 2)
            killed = min(before)
            stage.server.die(NAMESPACE, killed, "oom_container")

            def replaced():
                now = claims_by_executor(stage.running_executors())
                return now if len(now) == 2 and killed not in now else None
            self.assertTrue(until(PATIENCE_S, lambda: replaced() or not job.alive()), stage.why(job))
            now = replaced()
            self.assertIsNotNone(now, stage.why(job))
            newcomer = next(name for name in now if name not in before)
            self.assertEqual(now[newcomer], before[killed], "the same claim")
            self.assertEqual(stage.names("persistentvolumeclaims"), claims, "and no other")
            self.assertEqual(job.wait(PATIENCE_S), 0, stage.why(job))
            found = stage.facts()
            self.assertEqual(found["squares"], sum(n * n for n in range(200)))
            ids = [name.rsplit("-", 1)[1] for name in (killed, newcomer)]
            self.assertIn(ids, found["visitors"], "it found what the other one had left there")
            self.assertIn("a claim is used again", stage.said(AGENT_CONTAINER))
            self.assertTrue(until(20, lambda: not stage.names("persistentvolumeclaims")), stage.names("persistentvolumeclaims"))

    def test_executors_with_the_token_of_the_driver_are_refused_aloud(self):
        with self.stage() as stage:
            job = stage.submit("compute.py", conf={"spark.kubernetes.authenticate.executor.serviceAccountName": "spark"})
            said = "$.spec.serviceAccountName"
            self.assertTrue(until(PATIENCE_S, lambda: said in stage.said() or not job.alive()), stage.why(job))
            self.assertIn("would bring its token into the pod", stage.said())
            self.assertIn(said, stage.said(AGENT_CONTAINER))
            self.assertEqual(stage.with_role("executor"), {})

    def test_S27_executors_that_may_not_be_deleted_are_labelled_and_go_with_their_driver(self):
        with self.stage() as stage:
            job = stage.submit("compute.py", conf={**ALL_REGISTERED, "spark.kubernetes.executor.deleteOnTermination": "false"})
            self.assertEqual(job.wait(PATIENCE_S), 0, stage.why(job))
            self.assertTrue(stage.facts().get("stopped"), stage.why(job))

            def labels():
                return [pod["metadata"]["labels"].get("spark-exec-inactive") for pod in stage.with_role("executor").values()]
            self.assertTrue(until(30, lambda: labels() == ["true", "true"]), labels())
            until(30, lambda: stage.driver()["status"]["phase"] == "Succeeded")
            self.assertEqual(stage.driver()["status"]["phase"], "Succeeded")
            stage.delete(stage.driver())
            self.until_only(stage, [])


class SuddenEnd(ClusterCase):
    """The driver goes in the middle of its job: its executors go after it."""

    def test_executors_go_with_a_driver_whose_pod_is_deleted(self):
        with self.stage() as stage:
            self.hold(stage)
            stage.delete(stage.driver())
            self.until_only(stage, [], 75)
            self.assertIn('"complete":"true"', stage.said(AGENT_CONTAINER).replace(" ", ""), "the agent's drain, not only the garbage collector")
            for plural in ("configmaps", "services"):
                self.assertTrue(until(20, lambda plural=plural: not stage.names(plural)), f"{plural} are left: {stage.names(plural)}")

    def test_executors_go_with_a_driver_that_is_killed_and_its_pod_tells_how_it_ended(self):
        with self.stage() as stage:
            self.hold(stage)
            driver = stage.driver()["metadata"]["name"]
            stage.server.die(NAMESPACE, driver, "oom_container")
            self.until_only(stage, [driver], 75)
            self.assertTrue(until(30, lambda: stage.driver()["status"]["phase"] == "Failed"), stage.driver()["status"])
            _, main = container_of(stage.driver(), DRIVER_CONTAINER)
            _, agent = container_of(stage.driver(), AGENT_CONTAINER)
            self.assertEqual(main["state"]["terminated"]["reason"], "OOMKilled")
            self.assertEqual(agent["state"]["terminated"]["exitCode"], 0, stage.said(AGENT_CONTAINER)[-1500:])


def load_tests(loader, _tests, _pattern):
    """Each case for each line of Spark that is wanted."""
    suite = unittest.TestSuite()
    for line in install.lines_wanted():
        for base in (WholeJob, HeldJob, Settings, SuddenEnd):
            case = type(f"{base.__name__}_{line.replace('.', '_')}", (base,), {"line": line, "__module__": __name__})
            suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    unittest.defaultTestLoader.testNamePatterns = [f"*{word}*" for word in sys.argv[2:]] or None  # some of them, by hand
    sys.argv = sys.argv[:2]
    report.main("spark_cluster", "__main__")

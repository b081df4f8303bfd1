"""A cluster of one machine: stock Spark's image and the agent's as processes, accounts with no more rights than they need."""
import ctypes
import fcntl
import json
import os
import secrets
import socket
import struct

from install import ROOT
from stage import NAMESPACE, Job, Stage, facts, until

DEPLOY = ROOT / "deploy/spark"
DRIVER_CONTAINER, AGENT_CONTAINER = "spark-kubernetes-driver", "outrigger-agent"
SPARK_IMAGE = "apache/spark:test"
# What deploy/spark/README.md asks for, and nothing more.
DRIVER_RIGHTS = [
    {"namespaces": [NAMESPACE], "resources": ["pods"], "verbs": ["create", "get", "list", "watch", "delete", "deletecollection", "patch"]},
    {"namespaces": [NAMESPACE], "resources": ["configmaps"], "verbs": ["create", "deletecollection"]},
    {"namespaces": [NAMESPACE], "resources": ["services"], "verbs": ["deletecollection"]},
    {"namespaces": [NAMESPACE], "resources": ["persistentvolumeclaims"], "verbs": ["create", "list", "deletecollection"]}]
SUBMITTER_RIGHTS = [{"namespaces": [NAMESPACE], "verbs": ["*"],
                     "resources": ["pods", "configmaps", "services", "secrets", "persistentvolumeclaims", "networkpolicies"]}]


def own_network():
    """Pods share this machine's addresses, and the ports of the pod template are fixed: a network of our own keeps them free."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "unshare of the network")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING


class ClusterStage(Stage):
    def __init__(self, build, spark, shim, faults=""):
        self.tokens = {name: secrets.token_urlsafe(24) for name in ("admin", "submitter", "driver")}
        super().__init__(build, spark, shim, faults)
        self.shared = self.directory / "shared"  # a hostPath of the driver's pod: pipes for its job
        self.shared.mkdir()
        self.shared.chmod(0o755)

    def start(self, name, command):
        if name == "apiserver":
            command = [*command, "--config", self._configuration(), "--pod-logs", self.directory / "pod-logs"]
        return super().start(name, command)

    def _configuration(self):
        directory = self.directory
        work = directory / "work-dir"
        work.mkdir()
        work.chmod(0o777)
        images = [
            {"image": "outrigger-agent:*", "user": "65532:65532", "environment": {"PATH": "/opt/outrigger/bin:/usr/bin:/bin"},
             "content": {"/opt/outrigger/bin": f"{self.build}/bin", "/opt/outrigger/share/outrigger/shim": str(self.shim)}},
            # As the images of the Apache project: user 185 of group root, Spark in /opt/spark.
            {"image": SPARK_IMAGE, "user": "185:0", "entrypoint": "/opt/spark_entrypoint/spark_entrypoint.sh", "working-dir": "/opt/spark/work-dir",
             "environment": {"SPARK_HOME": "/opt/spark"},
             "content": {"/opt/spark": str(self.spark.home), "/opt/spark/work-dir": str(work),
                         "/opt/spark_entrypoint": f"{ROOT}/tests/apiserver/kubelet", "/opt/jobs": f"{ROOT}/tests/spark/jobs"}}]
        tokens = [{"name": "admin", "token": self.tokens["admin"]},
                  {"name": "submitter", "token": self.tokens["submitter"], "rules": SUBMITTER_RIGHTS},
                  {"name": "driver", "user": f"system:serviceaccount:{NAMESPACE}:spark", "token": self.tokens["driver"], "rules": DRIVER_RIGHTS}]
        config = directory / "apiserver.yaml"  # JSON is YAML
        config.write_text(json.dumps({"tokens": tokens, "kubelet": {"kind": "process", "inherit": ["PATH", "LANG", "JAVA_HOME"], "images": images}}, indent=1))
        return config

    def submit(self, script, *arguments, conf=()):
        """spark-submit as deploy/spark/README.md has it, by somebody with a kubeconfig; a Job."""
        kubeconfig = self.directory / "submitter"
        kubeconfig.write_text(self.kubeconfig.read_text().replace(self.tokens["admin"], self.tokens["submitter"]))
        settings = {"spark.kubernetes.driver.podTemplateFile": DEPLOY / "driver-pod-template.yaml", "spark.kubernetes.container.image": SPARK_IMAGE,
                    "spark.kubernetes.namespace": NAMESPACE, "spark.kubernetes.authenticate.driver.serviceAccountName": "spark",
                    "spark.driver.memory": "512m", "spark.executor.memory": "512m", "spark.executor.instances": 2, "spark.ui.enabled": "false",
                    "spark.kubernetes.driver.volumes.hostPath.shared.mount.path": "/shared",
                    "spark.kubernetes.driver.volumes.hostPath.shared.options.path": self.shared,
                    # All pods have one address here, but each its own disk: Spark must not look for a neighbour's files.
                    "spark.shuffle.readHostLocalDisk": "false"}
        if self.spark.scala != "2.13":
            settings["spark.driver.extraClassPath"] = f"/run/outrigger/shim/{self.spark.scala}/*"
        host, port = self.server_address()
        command = [self.spark.home / "bin/spark-submit", "--master", f"k8s://https://{host}:{port}", "--deploy-mode", "cluster",
                   "--properties-file", DEPLOY / "outrigger.properties"]
        for key, value in {**settings, **dict(conf)}.items():
            command += ["--conf", f"{key}={value}"]
        environment = {**self.environment(), "KUBECONFIG": str(kubeconfig)}
        for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):  # spark-submit hands them on to the pods
            del environment[name]
        job = Job([*command, f"local:///opt/jobs/{script}", *arguments], self.directory, environment)
        self.programs.append(job)
        return job

    def pipe(self):
        """What a job waits for at /shared/go; write to it to let the job go on."""
        os.mkfifo(self.shared / "go")
        (self.shared / "go").chmod(0o666)
        return self.shared / "go"

    def with_role(self, role):
        return {name: pod for name, pod in self.pods().items() if pod["metadata"]["labels"].get("spark-role") == role}

    def driver(self):
        """The driver's pod, or nothing yet."""
        return next(iter(self.with_role("driver").values()), None)

    def names(self, plural):
        items = self.server.ask("GET", f"/api/v1/namespaces/{NAMESPACE}/{plural}")["items"]
        return sorted(item["metadata"]["name"] for item in items)

    def delete(self, pod):
        self.server.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}")

    def said(self, container=DRIVER_CONTAINER):
        """What the driver's pod has written, by container."""
        logs = sorted((self.directory / "pod-logs" / NAMESPACE).glob(f"*/{container}.log"))
        return "".join(log.read_text(errors="replace") for log in logs)

    def facts(self):
        return facts(self.said())

    def running_executors(self):
        return [pod for pod in self.with_role("executor").values() if pod["status"].get("phase") == "Running"]

    def wait_facts(self, seconds, name, job):
        """True when the job has said so much; False when it ended before, or never says it."""
        until(seconds, lambda: name in self.facts() or not job.alive())
        return name in self.facts()

    def why(self, job):
        last = " | ".join(self.said().splitlines()[-3:])[:600]
        return f"spark-submit: {job.last_words()}; driver: {last}; agent: {self.said(AGENT_CONTAINER)[-300:]}; see {self.directory}"


def container_of(pod, name):
    """Specification and status of one of the pod's containers."""
    spec = next(c for kind in ("initContainers", "containers") for c in pod["spec"].get(kind, []) if c["name"] == name)
    status = next(c for kind in ("initContainerStatuses", "containerStatuses") for c in pod["status"].get(kind, []) if c["name"] == name)
    return spec, status

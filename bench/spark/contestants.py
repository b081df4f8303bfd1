"""Who is compared: the same Spark, driven by its own allocator or by Outrigger."""
from dataclasses import dataclass, field

COMMON = {
    # Simulated executors never register; without this the context waits 30 s for them.
    "spark.scheduler.minRegisteredResourcesRatio": 0,
    "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "2g",
    "spark.executor.memory": "512m", "spark.ui.enabled": "false", "spark.kubernetes.container.image": "spark", "spark.kubernetes.namespace": "spark",
}


@dataclass
class Contestant:
    name: str
    settings: dict = field(default_factory=dict)
    outrigger: bool = False

    def command(self, tools, plane, front, classpath, settings, script, arguments):
        """Words to run the script as a driver in client mode; credentials are those of the restricted user."""
        conf = {**COMMON, **self.settings, **settings, "spark.driver.extraClassPath": classpath}
        before = []
        if self.outrigger:
            before = [tools.agent, "run", "--kubeconfig", plane.kubeconfig(front=front), "--namespace", "spark", "--shim", tools.shim, "--log-format", "text", "--"]
        else:
            server = plane.front if front else plane.server
            conf |= {"spark.master": f"k8s://{server}", "spark.kubernetes.authenticate.oauthTokenFile": plane.path("restricted.token"),
                     "spark.kubernetes.authenticate.caCertFile": plane.path("apiserver.crt")}
        words = [*before, tools.spark.home / "bin/spark-submit"]
        for key, value in conf.items():
            words += ["--conf", f"{key}={value}"]
        return [str(word) for word in (*words, script, *arguments)]


STOCK = Contestant("stock")
# The most per round and the shortest pause that Spark accepts.
TUNED = Contestant("stock, tuned", {"spark.kubernetes.allocation.batch.size": 500, "spark.kubernetes.allocation.batch.delay": "101ms"})
OUTRIGGER = Contestant("Outrigger", outrigger=True)
ALL = (OUTRIGGER, TUNED, STOCK)

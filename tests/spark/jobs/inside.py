"""What a driver finds in its own container, with its own user's rights. Then it holds its executors until /shared/go is opened."""
import errno
import json
import os

from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


def refusal(action, *arguments):
    """errno's name, or nothing when it went well."""
    try:
        action(*arguments)
        return None
    except OSError as problem:
        return errno.errorcode[problem.errno]


spark = SparkSession.builder.appName("inside").getOrCreate()
context = spark.sparkContext
fact("user", [os.getuid(), os.getgid()])
fact("service_account", refusal(os.listdir, "/var/run/secrets/kubernetes.io/serviceaccount"))
fact("lock_dir", refusal(os.listdir, "/run/outrigger-agent"))
fact("write_run_dir", refusal(os.mkdir, "/run/outrigger/mine"))
fact("write_secret", refusal(open, "/run/outrigger/gateway-token", "a"))
fact("run_dir", sorted(os.listdir("/run/outrigger")))
fact("environment", {name: value for name, value in os.environ.items() if name.startswith("KUBE") or "PROXY" in name.upper()})
fact("executors", context._jsc.sc().getExecutorMemoryStatus().size() - 1)
fact("threads", [t.getName() for t in context._gateway.jvm.java.lang.Thread.getAllStackTraces().keySet()])
open("/shared/go", encoding="utf-8").close()
fact("stopped_by_itself", context._jsc.sc().isStopped())
spark.stop()
fact("stopped", True)

"""A driver that holds its executors: prints facts, ends when the file named by the first argument appears."""
import json
import os
import sys
import time

from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


spark = SparkSession.builder.appName("hold").getOrCreate()
context = spark.sparkContext
fact("application", context.applicationId)
fact("driver", context._gateway.jvm.java.lang.ProcessHandle.current().pid())
fact("threads", [t.getName() for t in context._gateway.jvm.java.lang.Thread.getAllStackTraces().keySet()])
deadline = time.monotonic() + 120
while not os.path.exists(sys.argv[1]) and time.monotonic() < deadline:
    time.sleep(0.05)
fact("failed", context._jsc.sc().isStopped())
spark.stop()
fact("stopped", True)

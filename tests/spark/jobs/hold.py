"""A driver that holds its executors: prints facts, ends when somebody opens the pipe named by the first argument."""
import json
import sys

from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


spark = SparkSession.builder.appName("hold").getOrCreate()
context = spark.sparkContext
fact("application", context.applicationId)
fact("driver", context._gateway.jvm.java.lang.ProcessHandle.current().pid())
fact("threads", [t.getName() for t in context._gateway.jvm.java.lang.Thread.getAllStackTraces().keySet()])
open(sys.argv[1], encoding="utf-8").close()
fact("failed", context._jsc.sc().isStopped())
spark.stop()
fact("stopped", True)

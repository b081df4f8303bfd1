"""The driver's program: holds its executors and does what it is told through a pipe, one command a line."""
import json
import sys
import time

from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


spark = SparkSession.builder.appName("bench").getOrCreate()
context = spark.sparkContext
fact("context_up", time.time())
fact("application", context.applicationId)
scala_context = context._jsc.sc()
jvm = context._gateway.jvm
probe = jvm.io.outrigger.bench.SnapshotProbe.attach(scala_context, sys.argv[2])
fact("probe", time.time())
told = open(sys.argv[1], encoding="utf-8")
for line in told:
    command = line.strip()
    if command == "stop":
        break
    if command == "threads":
        fact("threads", [thread.getName() for thread in jvm.java.lang.Thread.getAllStackTraces().keySet()])
fact("died", scala_context.isStopped())
begin = time.time()
spark.stop()
fact("stop_s", time.time() - begin)

"""Stage-level scheduling: the second stage asks for executors of another resource profile."""
import json

from pyspark.resource import ExecutorResourceRequests, ResourceProfileBuilder, TaskResourceRequests
from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


spark = SparkSession.builder.appName("profiles").getOrCreate()
context = spark.sparkContext
small = context.parallelize(range(100), 4).map(lambda n: (n % 2, n))
large = ResourceProfileBuilder().require(ExecutorResourceRequests().cores(2).memory("640m")).require(TaskResourceRequests().cpus(2)).build
fact("default", small.count())
fact("sums", sorted(small.reduceByKey(lambda a, b: a + b, 2).withResources(large).mapValues(lambda n: n + 1).collect()))
fact("profile", large.id)
spark.stop()
fact("stopped", True)

"""Real work on real executors: a shuffle in the JVM, and tasks in Python workers."""
import json

from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


spark = SparkSession.builder.appName("compute").getOrCreate()
context = spark.sparkContext
fact("application", context.applicationId)
frame = spark.range(0, 1_000_000, 1, 8).selectExpr("id", "id % 10 AS digit")
fact("groups", [row["n"] for row in frame.groupBy("digit").count().withColumnRenamed("count", "n").orderBy("digit").collect()])
fact("squares", context.parallelize(range(1000), 8).map(lambda n: n * n).sum())
inside = context.parallelize(range(200_000), 8).filter(lambda n: ((n * 0.7548776662) % 1 - 0.5) ** 2 + ((n * 0.5698402910) % 1 - 0.5) ** 2 < 0.25).count()
fact("pi", 4 * inside / 200_000)
fact("executors", context._jsc.sc().getExecutorMemoryStatus().size() - 1)
spark.stop()
fact("stopped", True)

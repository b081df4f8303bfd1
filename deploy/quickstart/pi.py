"""The quickstart's Spark job: Pi by throwing darts on the executors. Arguments: darts, tasks."""
import random
import sys

from pyspark.sql import SparkSession

DARTS, TASKS = int(sys.argv[1]), int(sys.argv[2])


def hits(task):
    dice = random.Random(task)
    return sum(dice.random() ** 2 + dice.random() ** 2 < 1 for _ in range(DARTS // TASKS))


spark = SparkSession.builder.appName("pi").getOrCreate()
context = spark.sparkContext
print("READY", context._gateway.jvm.java.lang.ProcessHandle.current().pid(), flush=True)
found = context.parallelize(range(TASKS), TASKS).map(hits).sum()
print("PI", 4 * found / (DARTS // TASKS * TASKS), flush=True)
spark.stop()

"""Dynamic allocation with shuffle tracking: up for a wide stage, down when idle, up again. Facts: executors at each point, and answers."""
import json
import time

from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


spark = SparkSession.builder.appName("dynamic").getOrCreate()
context = spark.sparkContext


def executors():
    return context._jsc.sc().getExecutorMemoryStatus().size() - 1


def settle(wanted, seconds):
    """The number of executors once `wanted` says yes, or when it was waited for in vain."""
    end = time.monotonic() + seconds
    while not wanted(executors()) and time.monotonic() < end:
        time.sleep(0.2)
    return executors()


def wide():
    def slow(n):
        time.sleep(1)
        return n % 3, n

    pairs = context.parallelize(range(24), 24).map(slow).reduceByKey(lambda a, b: a + b, 3)
    return sorted(pairs.collect())


fact("before", executors())
fact("first", wide())
fact("up", executors())
fact("down", settle(lambda n: n == 0, 90))
fact("second", wide())
fact("up_again", executors())
spark.stop()
fact("stopped", True)

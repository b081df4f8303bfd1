"""The same shuffle again and again, with time for something to go wrong in each round. Arguments: rounds, seconds a task takes."""
import json
import sys
import threading
import time

from pyspark.sql import SparkSession

ROUNDS, TASK_S = int(sys.argv[1]), float(sys.argv[2])
TASKS = 12


def fact(name, value):
    sys.stdout.write(f"FACT {name} {json.dumps(value)}\n")  # one write: two threads speak
    sys.stdout.flush()


def report_progress(tracker):
    """Tells how many tasks of the running round have ended, so that a fault can strike in its middle."""
    while True:
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        fact("tasks", max((stage.numCompletedTasks for stage in stages if stage), default=0))
        time.sleep(0.1)


def slow(n):
    time.sleep(TASK_S)
    return n % 4, n


spark = SparkSession.builder.appName("rounds").getOrCreate()
context = spark.sparkContext
fact("driver", context._gateway.jvm.java.lang.ProcessHandle.current().pid())
threading.Thread(target=report_progress, args=[context.statusTracker()], daemon=True).start()
for number in range(ROUNDS):
    fact("begun", number)
    pairs = context.parallelize(range(TASKS), TASKS).map(slow).reduceByKey(lambda a, b: a + b, 4)
    fact(f"round-{number}", sorted(pairs.map(lambda pair: pair[1] + number).collect()))
fact("ended", ROUNDS)
spark.stop()
fact("stopped", True)

"""Executors sign on their claim, and a long job goes on while one of them is killed: who was on each volume, and is the sum right?"""
import json
import os
import time

from pyspark.sql import SparkSession

TASKS = 200


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


def work(number):
    """The number's square, and who has signed on this executor's volume so far."""
    me = os.environ["SPARK_EXECUTOR_ID"]
    with open("/data/visitors", "a+", encoding="utf-8") as book:
        book.seek(0)
        visitors = book.read().split()
        if me not in visitors:
            book.write(f"{me}\n")
            visitors.append(me)
    time.sleep(0.3)
    return number * number, tuple(visitors)


spark = SparkSession.builder.appName("claims").getOrCreate()
context = spark.sparkContext
fact("first", sorted(set(visitors for _, visitors in context.parallelize(range(8), 8).map(work).collect())))
done = context.parallelize(range(TASKS), TASKS).map(work).collect()
fact("squares", sum(square for square, _ in done))
fact("visitors", sorted(set(visitors for _, visitors in done)))
spark.stop()
fact("stopped", True)

"""A Spark Connect session: no driver in this process. The server's address is argument 1."""
import json
import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
rows = spark.range(0, 1_000_000, 1, 8).selectExpr("id % 7 AS day").groupBy("day").count().orderBy("day").collect()
print(f"FACT days {json.dumps([row[1] for row in rows])}", flush=True)
spark.stop()

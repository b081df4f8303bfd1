"""A stateful stream over files, one file a batch; its state store lives in the directory that all executors share (argument 1)."""
import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def fact(name, value):
    print(f"FACT {name} {json.dumps(value)}", flush=True)


shared = Path(sys.argv[1])
source = shared / "source"
source.mkdir()
for batch in range(5):
    (source / f"{batch}.json").write_text("".join(json.dumps({"key": n % 4, "n": n}) + "\n" for n in range(100 * batch, 100 * (batch + 1))))
spark = SparkSession.builder.appName("streaming").getOrCreate()
rows = spark.readStream.schema("key INT, n INT").option("maxFilesPerTrigger", 1).json(str(source))
query = (rows.groupBy("key").sum("n").writeStream.format("memory").queryName("sums").outputMode("complete")
         .option("checkpointLocation", str(shared / "checkpoint")).trigger(availableNow=True).start())
query.awaitTermination()
fact("batches", query.lastProgress["batchId"] + 1)
fact("sums", sorted([row[0], row[1]] for row in spark.sql("SELECT * FROM sums").collect()))
spark.stop()
fact("stopped", True)

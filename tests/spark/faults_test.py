"""Faults in the middle of a job, on real executors: the answer must be right each time, and nothing may be left."""
import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tidy"))
import report  # noqa: E402
from case import BUILD, JOBS, PATIENCE_S, SparkCase  # noqa: E402
from mishaps import NAMES, Mishaps  # noqa: E402
from stage import ALL_REGISTERED, REAL_CONF, REAL_KUBELET, Stage, facts, until  # noqa: E402

SEEDS = [int(seed) for seed in os.environ.get("OUTRIGGER_SPARK_FAULT_SEEDS", "1").split(",")]
ROUNDS = int(os.environ.get("OUTRIGGER_SPARK_FAULT_ROUNDS", "10"))
TASK_S = 0.3
TASKS = 12  # of jobs/rounds.py
TWO = {**REAL_CONF, **ALL_REGISTERED, "spark.executor.instances": 2}
# Every round may cost an executor, and a task may meet several of them.
PATIENT = {**TWO, "spark.executor.maxNumFailures": 1000, "spark.task.maxFailures": 20, "spark.stage.maxConsecutiveAttempts": 20}


def answer(number):
    return sorted(sum(n for n in range(TASKS) if n % 4 == key) + number for key in range(4))


class Faults(SparkCase):
    def stage(self, spark):
        return Stage(BUILD, spark, self.shim, server_arguments=REAL_KUBELET)

    def begun(self, job, number):
        return until(PATIENCE_S, lambda: facts(job.out()).get("begun", -1) >= number or not job.alive()) and job.alive()

    def reached(self, job, number, tasks):
        """So many tasks of this round have ended, or the round has."""
        until(PATIENCE_S, lambda: facts(job.out()).get("tasks", 0) >= tasks or f"round-{number}" in facts(job.out()) or not job.alive())

    def seeded(self, spark, seed):
        """One application, one mishap in every round."""
        rng, struck = random.Random(seed), []
        with self.stage(spark) as stage:
            job = stage.launch(JOBS / "rounds.py", ROUNDS, TASK_S, conf=PATIENT)
            mishaps = Mishaps(stage, job)
            told = f"seed {seed}, replay with OUTRIGGER_SPARK_FAULT_SEEDS={seed}; see {stage.directory}; "
            begin = time.monotonic()
            for number in range(ROUNDS):
                self.assertTrue(self.begun(job, number), f"{told}round {number} of {ROUNDS} after {struck}: {job.last_words()}")
                self.reached(job, number, rng.randrange(TASKS // 2))
                struck.append(mishaps.strike(rng))
                print(f"   seed {seed}, round {number + 1} of {ROUNDS}: {struck[-1]}, {time.monotonic() - begin:.0f} s", flush=True)
            code = job.wait(PATIENCE_S)
            self.assertEqual(code, 0, f"{told}{struck}: {job.last_words()}")
            found = facts(job.out())
            for number in range(ROUNDS):
                self.assertEqual(found.get(f"round-{number}"), answer(number), f"{told}round {number}: {struck[number]}")
            self.assertEqual(stage.pods(), {}, f"{told}pods are left after {struck}")

    def test_no_job_ends_wrong_whatever_strikes_in_its_middle(self):
        for seed in SEEDS:
            self.each_spark(lambda spark, seed=seed: self.seeded(spark, seed))

    def test_evictions_burn_nothing_of_the_failure_budget(self):
        def body(spark):
            with self.stage(spark) as stage:
                job = stage.launch(JOBS / "rounds.py", 4, TASK_S, conf={**PATIENT, "spark.executor.maxNumFailures": 1})
                mishaps, rng = Mishaps(stage, job), random.Random(1)
                for number in range(4):
                    self.assertTrue(self.begun(job, number), f"{job.last_words()}; see {stage.directory}")
                    until(PATIENCE_S, lambda: stage.running() == 2)
                    mishaps._executor_evicted(rng)
                self.assertEqual(job.wait(PATIENCE_S), 0, f"{job.last_words()}; see {stage.directory}")
                self.assertEqual([facts(job.out())[f"round-{number}"] for number in range(4)], [answer(number) for number in range(4)])

        self.each_spark(body)

    def test_the_failure_limit_ends_an_application_whose_own_executors_fail(self):
        def body(spark):
            with self.stage(spark) as stage:
                job = stage.launch(JOBS / "rounds.py", 1000, TASK_S, conf={**PATIENT, "spark.executor.maxNumFailures": 1})
                mishaps, rng = Mishaps(stage, job), random.Random(1)
                self.assertTrue(self.begun(job, 0), f"{job.last_words()}; see {stage.directory}")
                ended = until(PATIENCE_S, lambda: not job.alive() or mishaps._executor_out_of_memory(rng))
                self.assertTrue(ended, f"it goes on; see {stage.directory}")
                self.assertNotEqual(job.wait(PATIENCE_S), 0)
                self.assertEqual(stage.pods(), {}, "pods are left")

        self.each_spark(body)

    def test_the_executors_of_a_killed_driver_go(self):
        def body(spark):
            with self.stage(spark) as stage:
                job = stage.launch(JOBS / "rounds.py", 1000, TASK_S, conf=TWO)
                self.assertTrue(self.begun(job, 0), f"{job.last_words()}; see {stage.directory}")
                os.kill(facts(job.out())["driver"], signal.SIGKILL)
                self.assertIsNotNone(job.wait(PATIENCE_S), f"the agent stays; see {stage.directory}")
                self.assertNotEqual(job.process.returncode, 0)
                self.assertEqual(stage.pods(), {}, "pods are left")

        self.each_spark(body)


if __name__ == "__main__":
    print(f"   faults: {' '.join(NAMES)}")
    sys.argv = sys.argv[:2]
    report.main("spark_faults", "__main__")

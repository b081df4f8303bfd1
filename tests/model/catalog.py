"""What is verified: each model as it stands, each mutant with the claim that refutes it, each open finding."""
from dataclasses import dataclass, field


@dataclass
class Case:
    model: str
    what: str
    refuted_by: str = ""  # empty: holds
    defines: tuple = field(default=())
    liveness: str = ""

    @property
    def name(self):
        words = [self.model, *self.defines, self.liveness]
        return "_".join(word.lower().replace("=", "_") for word in words if word)


def mutants(model, *rows, extra=()):
    return [Case(model, what, claim, (*extra, f"MUTANT_{number}")) for number, claim, what in rows]


HOLDS = [
    Case("ring", "publish, read, lap, resync, crash"),
    Case("ring", "the reader's loops end", liveness="the_reader_catches_up"),
    Case("wakeup", "commit, retire, death; one sleeper"),
    Case("wakeup", "two sleepers, one commit", defines=("OTHERS", "COMMITS=1")),
    Case("generation", "three agents, two deaths"),
    Case("command", "two sessions, one death"),
    Case("ids", "three agents, two deaths"),
]

MUTANTS = [
    *mutants(
        "ring",
        (1, "no_torn_record", "no re-check of word 0"),
        (2, "no_torn_record", "no busy mark"),
        (3, "a_table_at_rest_is_consistent", "the slot before its ring entry"),
        (4, "table_is_exact_at_its_cursor", "no replay after the scan"),
        (5, "table_is_exact_at_its_cursor", "applied before the change"),
        (6, "nothing_is_missed", "a lap taken for nothing new"),
        (7, "a_table_at_rest_is_consistent", "applied rests in a batch longer than the ring"),
    ),
    *mutants(
        "wakeup",
        (1, "no_result_is_slept_through", "the flag read before progress is stored"),
        (2, "no_result_is_slept_through", "the flag cleared after the wake"),
        (3, "no_result_is_slept_through", "woken without a count"),
        (4, "no_end_is_slept_through", "counted before retired is stored"),
        (5, "no_end_is_slept_through", "wake_seq read after the checks"),
        (6, "no_result_is_slept_through", "a result stored after the flag was read"),
        (7, "no_result_is_slept_through", "the flag raised only once"),
    ),
    *mutants("wakeup", (8, "no_end_is_slept_through", "a wake not passed on"), extra=("OTHERS", "COMMITS=1")),
    *mutants(
        "generation",
        (1, "no_mark_is_forgotten", "the lock not taken"),
        (2, "no_mark_is_forgotten", "shown before the marks are carried over"),
        (3, "no_mark_is_forgotten", "renamed before it is ready"),
        (4, "no_driver_stays_at_a_dead_agent", "the driver trusts retired alone"),
        (5, "generations_are_never_mixed", "the name opened twice"),
        (6, "one_session_has_one_generation", "hello without its generation compared"),
    ),
    *mutants(
        "command",
        (1, "a_result_is_of_its_command", "no re-check of word 0"),
        (2, "a_result_is_of_its_command", "the result's epoch not compared"),
        (4, "an_honest_driver_never_breaches", "slots posted without counting"),
        (6, "payload_is_the_one_posted", "an arena range used before its result"),
        (7, "no_slot_is_written_before_it_is_read", "word 0 before the slot's words"),
    ),
    *mutants(
        "command",
        (3, "a_result_is_of_its_command", "the result's id not compared"),
        (5, "every_command_is_answered", "no result window"),
        (8, "an_honest_driver_never_breaches", "the epoch before its count"),
        extra=("COMMANDS=4", "LATER=3"),
    ),
    *mutants(
        "ids",
        (1, "an_unsettled_create_is_counted", "posted before it is marked"),
        (2, "no_id_is_made_twice", "posted again instead of asked for"),
        (3, "no_id_is_granted_twice", "the driver grants a block twice"),
        (4, "an_unsettled_create_is_counted", "created before the first list"),
        (5, "an_unsettled_create_is_counted", "marks not carried over"),
    ),
]

# The code as it is, refuted. A finding that is repaired in the code becomes a mutant: move its row up.
FINDINGS = [
    Case("wakeup", "two readers pass a wake to and fro for ever", "passing_on_ends", ("OTHERS", "COMMITS=1", "FINDING_1")),
    Case("wakeup", "a reader killed with the one wake of a death", "no_end_is_slept_through", ("OTHERS", "COMMITS=1", "FINDING_2")),
    Case("command", "an Ack's answer overwrites a result not taken", "every_command_is_answered", ("COMMANDS=4", "LATER=3", "FINDING_1")),
]

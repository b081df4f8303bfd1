// Executor ids and in-flight marks over crashes of the agent (C18 to C21): the driver grants blocks, the agent marks, posts,
// and is killed after any store or request; the next one asks for what was marked and creates from new blocks only.
// The server may be slow: a POST lands, or is lost, also long after its sender is gone.
//
// agent/core/id_book.cpp: connect(), grant(), take(). agent/core/allocator.cpp: Decision::create_one(), stopped().
// agent/core/expectations.cpp: posted(), inherited(), seen(), settled(). agent/flow/creates.cpp: start(), posted(), ask(),
// told(), settle(). agent/flow/recovery.cpp: start(), settle_marks(), close(). ipc/snapshot_writer.cpp: mark_in_flight(),
// clear_in_flight(). ipc/state_file.cpp: create() carries marks over. shim/desired_state.cpp: grant(), begin_resync().
// Marks are one word here: generation.pml shows how they come from file to file.
#include "claims.inc"

#define BLOCK 1
#define IDS 4     // 1 .. IDS
#define TARGET 1  // one profile
#define AGENTS 3  // two crashes
// One GET that says "not there" gives a create up; three there, some time apart.
#define LOST 1    // pods that somebody else deletes

// A set of ids.
#define has(set, id) ((set) & (1 << (id)))
#define add(set, id) set = (set) | (1 << (id))
#define drop(set, id) set = (set) & ~(1 << (id))

byte marks;            // MarkCell::executor_id of each create, in the file that the name leads to
// The API server
byte alive, ever;      // pods that are there, that were ever made
byte under_way;        // POSTs that have left and may still land
byte replied, refused;  // answers to the agent that lives: 201, 409
// The driver
byte next_id = 1;      // DesiredState::next_id_
byte granted;          // ids it ever granted
// The agent that lives; all of it is forgotten at its death
byte incarnation, killed;
bool synced, in_force;         // Reflector has listed; resync_end
byte first_free, block_end;    // IdBook: what is left of the block granted on this connection
byte expected, unknown, seen;  // Expectations (unknown: to be asked for), PodTable
byte gone;                     // was there and is not, whoever deleted it
byte given_up;                 // by any agent, after its looks: what lands of these is a surplus that goes (C19)

hidden byte no_id_is_made_twice, no_id_is_granted_twice, an_unsettled_create_is_counted, the_target_is_met, only_ids_of_this_connection;

active proctype sigkill() {
  do
  :: killed < AGENTS - 1 && killed < incarnation -> killed = incarnation
  :: break
  od
}

byte lost;
// Any one of a set that is not empty.
inline any(set) {
  i = 1;
  do
  :: has(set, i) -> break
  :: ((set) >> (i + 1)) != 0 -> i++
  od
}
active proctype server() {
  byte i;
  do
  :: atomic { under_way != 0 ->
       any(under_way);
       drop(under_way, i);
       if
       :: has(alive, i) -> add(refused, i)  // 409
       :: !has(alive, i) ->
          claim(no_id_is_made_twice, !has(ever, i));
          add(alive, i);
          add(ever, i);
          if
          :: add(replied, i)
          :: true  // the answer is lost with its connection
          fi
       :: true  // it never arrives
       fi;
       i = 0
     }
  :: atomic { lost < LOST && alive != 0 ->  // evicted, or deleted by hand
       lost++;
       any(alive);
       drop(alive, i);
       add(gone, i);
       i = 0
     }
  od
}

#define two(set) ((set) & ((set) - 1))  // more than TARGET

proctype agent(byte me) {
  byte i;
  bool there;
  {
    // create(): marks of the previous file are in the new one. Recovery::start(): each counts until it is settled.
    atomic {
      expected = marks;
      unknown = marks;
      seen = 0; replied = 0; refused = 0; synced = false; in_force = false;
      first_free = 0; block_end = 0
    };
    do
    :: !synced -> atomic { seen = alive; expected = expected & ~seen; synced = true }  // LIST; Expectations::seen()
    :: synced && seen != alive -> atomic { seen = alive; expected = expected & ~seen }  // the watch
    :: !in_force ->
       // Connect, hello, resync: IdBook::connect() forgets older blocks, begin_resync() grants a new one.
       atomic {
#ifdef MUTANT_3  // the driver grants the block again that it had granted to the agent before
         first_free = 1; block_end = 1 + BLOCK; next_id = 1 + BLOCK;
#else
         next_id + BLOCK <= IDS + 1 ->
         first_free = next_id; block_end = next_id + BLOCK; next_id = block_end;
         for (i : first_free .. block_end - 1) {
           claim(no_id_is_granted_twice, !has(granted, i));
           add(granted, i)
         }
#endif
         in_force = true; i = 0
       }
    :: in_force && first_free == block_end && next_id + BLOCK <= IDS + 1 ->  // ids_wanted
       atomic {
         first_free = next_id; block_end = next_id + BLOCK; next_id = block_end;
         for (i : first_free .. block_end - 1) {
           claim(no_id_is_granted_twice, !has(granted, i));
           add(granted, i)
         }
         i = 0
       }
#ifdef MUTANT_4  // created before the first list
    :: in_force && first_free != block_end && (seen | expected) == 0 ->
#else
    :: synced && in_force && first_free != block_end && (seen | expected) == 0 ->
#endif
       // decide(): fewer than the target. Whatever has left and not been given up is counted, so that it is not made
       // once more under another id.
       atomic {
         i = first_free;
         first_free++;
         claim(an_unsettled_create_is_counted, !((under_way | alive) & ~(given_up | seen | expected | gone)));
         claim(only_ids_of_this_connection, i < block_end);
         add(expected, i)
       };
       // Creates::start()
#ifdef MUTANT_1  // posted before it is marked
       add(under_way, i);
       add(marks, i);
#else
       add(marks, i);
       add(under_way, i);
#endif
       i = 0
    :: atomic { synced && in_force && two(seen | expected) && (seen & alive) != 0 ->  // a surplus: deleted by uid
         any(seen & alive); drop(alive, i); add(gone, i); i = 0 }
    // Creates::posted(): 201, or 409 and a GET that finds it
    :: atomic { (replied | refused) != 0 ->
         any(replied | refused); drop(replied, i); drop(refused, i); drop(unknown, i)
       };
       // settle(): first the view, then the mark
       drop(expected, i);
       atomic {
         if
         :: has(alive, i) -> add(seen, i)
         :: else
         fi
       };
       drop(marks, i);
       i = 0
    // Recovery::settle_marks(), Creates::ask() and told(): GET only
    :: atomic { in_force && synced && (unknown & ~(replied | refused)) != 0 ->
         any(unknown & ~(replied | refused)); there = has(alive, i); drop(unknown, i)
       };
#ifdef MUTANT_2  // posted again instead of asked for
       if
       :: !there -> add(under_way, i); add(unknown, i)
       :: there
       fi;
#endif
       atomic {
         if
         :: there -> add(seen, i)
         :: !there -> add(given_up, i)
         fi;
         drop(expected, i)
       };
#ifndef MUTANT_2
       drop(marks, i);
#endif
       i = 0; there = false
    // The answer did not come: Creates::posted() with a broken connection, lost(), then ask()
    :: atomic { ((expected & ~unknown) & ~(replied | refused | under_way)) != 0 ->
         any((expected & ~unknown) & ~(replied | refused | under_way)); add(unknown, i); i = 0 }
    od
  } unless { killed == me };
  atomic {
    replied = 0; refused = 0; expected = 0; unknown = 0; seen = 0; synced = false; in_force = false;
#ifdef MUTANT_5  // the marks of a crashed agent are not carried over
    marks = 0;
#endif
    incarnation++;
    run agent(incarnation)
  }
}

init { atomic { incarnation = 1; run agent(1) } }

active proctype rest() {
  timeout ->
  claim(the_target_is_met, next_id > IDS || alive != 0)
}

// Waking the driver (C10 to C14): the agent commits, a successor retires the file, the kernel marks the agent's death;
// the driver's reader sleeps on wake_seq and liveness without any time-out. With OTHERS a second reader sleeps beside it, one
// without a waiting flag, which takes wakes away and passes them on. Agent or driver may be killed at any step.
//
// ipc/snapshot_writer.cpp: commit(). ipc/state_file.cpp: retire_previous(). ipc/liveness.cpp and the kernel's robust list.
// ipc/wakeup.cpp: ReaderWait::wait(). ipc/futex.cpp. shim/read.cpp: outrigger_wait(), the order: watch, step, then the sleep.
#include "claims.inc"

#ifndef COMMITS
#define COMMITS 2
#endif
#define WOKEN 2  // limits::woken_per_commit
#define DEATHS 1
// FINDING_1, as ipc/wakeup.cpp has it: whoever is woken passes the wake on, also one whom a pass has woken. Two readers
// then wake each other for ever. Otherwise, as it should be: only if the word has moved while it slept.
#define PASSES 4

byte applied, results_written;  // the progress words
bool waiting_flag;              // QueueHeader::reader_waiting
byte wake_seq;                  // StatePrefix::wake_seq
bool retired;                   // StatePrefix::retired
bool alive = true;              // StateHeader::liveness: false is FUTEX_OWNER_DIED, or 0 after a clean end

#define AGENT 0
#define DRIVER 1
#define OTHER 2
bool killed[3];
bool agent_ended, replaced;  // for the successor, which has the lock only after the agent's end
byte known, known_results;   // what the driver has read
bool driver_gone;

byte passes;  // by which somebody was woken

hidden byte no_change_is_slept_through, no_result_is_slept_through, no_end_is_slept_through,
  passing_on_ends;

// ---- the kernel. FUTEX_WAIT and futex_waitv compare and queue in one step; a killed sleeper leaves the queue, a
// killed one that was woken takes the wake with it.
#define ON_SEQ 1
#define ON_LIFE 2
bool asleep[3];
byte woken_on[3];

inline futex_wait(me, sequence, life) {
  atomic {
    woken_on[me] = 0;
    if
    :: wake_seq == sequence && alive == life -> asleep[me] = true
    :: else
    fi
  };
  !asleep[me]
}
inline futex_wake(word, most) {
  atomic {
    if
    :: asleep[DRIVER] -> asleep[DRIVER] = false; woken_on[DRIVER] = word;
       if
       :: most > 1 && asleep[OTHER] -> asleep[OTHER] = false; woken_on[OTHER] = word
       :: else
       fi
    :: asleep[OTHER] -> asleep[OTHER] = false; woken_on[OTHER] = word;
       if
       :: most > 1 && asleep[DRIVER] -> asleep[DRIVER] = false; woken_on[DRIVER] = word
       :: else
       fi
    :: !asleep[DRIVER] && !asleep[OTHER]
    fi
  }
}

// "Whoever is woken passes it on, so that every waiter hears" (C11).
inline pass_on(me, sequence, life) {
  if
#ifdef FINDING_1
  :: atomic { woken_on[me] != 0 ->
#else
  :: atomic { woken_on[me] != 0 && (woken_on[me] == ON_LIFE || wake_seq != sequence) ->
#endif
       if
       :: asleep[DRIVER] || asleep[OTHER] -> passes++; claim(passing_on_ends, passes <= PASSES)
       :: else
       fi;
       futex_wake(woken_on[me], 1)
     }
  :: else
  fi
}

active proctype sigkill() {
  byte deaths;
  do
  :: deaths < DEATHS && !killed[AGENT] -> atomic { killed[AGENT] = true; deaths++ }
#ifdef FINDING_2  // the kernel sends one wake at the agent's end; who is killed with it passes nothing on
  :: deaths < DEATHS && !killed[OTHER] -> atomic { killed[OTHER] = true; asleep[OTHER] = false; deaths++ }
#endif
  :: deaths < DEATHS && !killed[DRIVER] -> atomic { killed[DRIVER] = true; asleep[DRIVER] = false; deaths++ }
  :: break
  od
}

// SnapshotWriter::commit()
inline commit() {
#ifdef MUTANT_1  // swapped: the flag is looked at before the progress is stored
  flag = waiting_flag;
#endif
  if
  :: results_due ->
#ifdef MUTANT_6  // a result is no part of the wake-up: stored after the flag was looked at
     skip
#else
     results_written++
#endif
  :: else
  fi;
  if
  :: changes_due -> applied++
  :: else
  fi;
#ifndef MUTANT_1
  flag = waiting_flag;
#endif
#ifdef MUTANT_6
  if
  :: results_due -> results_written++
  :: else
  fi;
#endif
  if
  :: flag ->
#ifdef MUTANT_2  // the flag is cleared after the wake
     wake_seq++;
     futex_wake(ON_SEQ, WOKEN);
     waiting_flag = false
#else
     waiting_flag = false;
#ifndef MUTANT_3  // woken without counting: who is about to sleep compares equal
     wake_seq++;
#endif
     futex_wake(ON_SEQ, WOKEN)
#endif
  :: else
  fi
}

active proctype agent() {
  byte commits;
  bool flag, results_due, changes_due;
  {
    do
    :: commits < COMMITS ->
       atomic {
         commits++;
         if
         :: results_due = true; changes_due = false
         :: results_due = false; changes_due = true
         fi
       };
       commit()
    :: break  // ends by itself: LivenessHolder's destructor does what the kernel does at death
    :: commits == COMMITS -> (false)  // lives on, idle: no later commit makes up for a lost wake
    od
  } unless { killed[AGENT] };
  // The kernel walks the robust list before anything else of the process goes: the word, then one waiter.
  alive = false;
  futex_wake(ON_LIFE, 1);
  agent_ended = true
}

// The next agent holds the lock, so the old one is gone; or the old one hangs in a way that keeps no lock (another
// volume): StateFile::retire_previous() can't know.
active proctype successor() {
  if
  :: agent_ended
  :: true
  :: true -> goto none
  fi;
#ifdef MUTANT_4  // counted before retired is stored
  wake_seq++;
  futex_wake(ON_SEQ, WOKEN);
  retired = true
#else
  retired = true;
  wake_seq++;
  futex_wake(ON_SEQ, WOKEN)
#endif
none: skip
}

// ReaderWait::wait(), the driver's: with a flag and no time-out.
active proctype driver() {
  byte token, token_results, sequence;
  bool life;
  {
    skip;
cycle:  // outrigger_wait(): the token is taken before the look, so that what comes between ends the sleep at once
    token = applied;
    token_results = results_written;
    if
    :: atomic { applied > known -> known = applied }; goto cycle
    :: atomic { results_written != known_results -> known_results = results_written }; goto cycle
    :: applied == known && results_written == known_results
    fi;
    do
    :: sequence = wake_seq;
       life = alive;
       if
       :: retired -> driver_gone = true; goto done
       :: !retired
       fi;
#ifndef MUTANT_7  // the flag is raised once, not again after a wake
       waiting_flag = true;
#else
       if
       :: woken_on[DRIVER] == 0 -> waiting_flag = true
       :: else
       fi;
#endif
#ifdef MUTANT_5  // wake_seq is read after the flag is raised and progress was looked at
       if
       :: applied > token || results_written != token_results -> waiting_flag = false; goto cycle
       :: applied <= token && results_written == token_results
       fi;
       sequence = wake_seq;
#else
       if
       :: applied > token || results_written != token_results -> waiting_flag = false; goto cycle
       :: applied <= token && results_written == token_results
       fi;
#endif
       if
       :: !life -> driver_gone = true; goto done
       :: life
       fi;
       futex_wait(DRIVER, sequence, life);
       pass_on(DRIVER, sequence, life)
    od;
done: skip
  } unless { killed[DRIVER] -> driver_gone = true }
}

#ifdef OTHERS
// ReaderWait::wait() without a flag: its sleep ends by the clock as well, and it has no work to miss.
active proctype other() {
  byte sequence;
  bool life;
  {
    do
    :: sequence = wake_seq;
       life = alive;
       if
       :: retired || !life -> break
       :: !retired && life
       fi;
       futex_wait(OTHER, sequence, life);
#ifndef MUTANT_8  // who was woken does not pass it on (C11)
       pass_on(OTHER, sequence, life)
#endif
    od
  } unless { killed[OTHER] }
}

#endif

// When nothing moves any more, nobody who lives may still sleep on something that has happened.
active proctype rest() {
  timeout ->
  claim(no_change_is_slept_through, driver_gone || known == applied);
  claim(no_result_is_slept_through, driver_gone || known_results == results_written);
  claim(no_end_is_slept_through, driver_gone || (alive && !retired))
}

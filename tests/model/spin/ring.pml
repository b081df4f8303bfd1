// The table and the ring of `state` (C6, C7, C9): one writer that may be killed after any store, one reader that joins
// at any moment, is lapped, and resyncs from the table.
//
// ipc/snapshot_writer.cpp: write_cell(), publish(), commit(). ipc/snapshot_reader.cpp: read_entry(), read_slot(),
// resync(), poll(). shim/ipc_channel.cpp: read_table(); shim/feed.cpp: apply().
// A payload word of change n holds n itself, so that a record mixed from two changes can't look whole.
#include "claims.inc"

#define SLOTS 2
#ifndef RECORDS
#define RECORDS 5
#endif
#define RING 4
#define LAG 2      // publish() moves `applied` inside a batch at this distance: ring_entries / 4 there, half of 4 here
#define RETRIES 1  // limits::slot_retries, 10,000 there
#define LAPS 2     // limits::resync_laps, 4 there

#define busy(n) ((n) << 1 | 1)
#define ready(n) ((n) << 1)

typedef Cell { byte word0; byte slot; byte value };
Cell ring[RING];     // RecordCell of the ring: word 0, word 1 (slot index), the rest
Cell slots[SLOTS];   // RecordCell of the table; its slot index never changes
byte applied;        // StateHeader::applied

bool killed, writer_ended;
// What really happened, for the claims only.
byte slot_of[RECORDS + 1];
byte finished;  // newest change whose ring entry is whole

hidden byte no_torn_record, never_older_after_newer, table_is_exact_at_its_cursor, nothing_is_missed,
  a_table_at_rest_is_consistent, nobody_is_stuck;

active proctype sigkill() {
  if
  :: killed = true
  :: skip
  fi
}

// write_cell() on the ring entry.
inline write_entry() {
#ifndef MUTANT_2  // the busy mark is left out
  ring[n % RING].word0 = busy(n);
#endif
  ring[n % RING].slot = s
  ring[n % RING].value = n;
  atomic { ring[n % RING].word0 = ready(n); finished = n }
}
// write_cell() on the slot.
inline write_slot() {
  slots[s].word0 = busy(n);
  slots[s].value = n;
  slots[s].word0 = ready(n)
}

active proctype writer() {
  byte n, s, last_applied;
  {
    do
    :: n < RECORDS ->
       atomic {
         n++;
         s = 0;
         if  // the first slot is as good as another
         :: n > 1 -> s = 1
         :: true
         fi;
         slot_of[n] = s
       }
#ifdef MUTANT_5  // `applied` before what it promises
       applied = n;
#endif
#ifdef MUTANT_3  // swapped: the slot first, then the ring entry that repairs it
       write_slot();
       write_entry();
#else
       write_entry();
       write_slot();
#endif
       if
#ifndef MUTANT_7  // a batch longer than the ring does not move `applied`
       :: n - last_applied >= LAG -> applied = n; last_applied = n
       :: n - last_applied < LAG -> skip
#else
       :: true -> skip
#endif
       fi
    :: n == RECORDS || n > last_applied ->  // commit(): a batch is any number of changes
       applied = n;
       last_applied = n;
       if
       :: n == RECORDS -> break
       :: else
       fi
    od
  } unless { killed }
  writer_ended = true
}

mtype = { whole, not_yet, lapped, used, unused, torn };


// An atomic block holds one access to shared memory and what follows from it in private.
inline read_entry(number) {
  atomic {
    w = ring[(number) % RING].word0;
    if
    :: w >> 1 > (number) -> entry = lapped
    :: w >> 1 <= (number) && w != ready(number) -> entry = not_yet
    :: w == ready(number) -> entry = whole
    fi
  };
  if
  :: entry == whole ->  // copy_cell()
     got_slot = ring[(number) % RING].slot;
     got_value = ring[(number) % RING].value;
     atomic {
       if
#ifndef MUTANT_1  // no re-check of word 0
       :: ring[(number) % RING].word0 != w -> entry = lapped
       :: ring[(number) % RING].word0 == w ->
#else
       :: true ->
#endif
          claim(no_torn_record, got_value == (number) && got_slot == slot_of[number])
       fi;
       got_value = 0
     }
  :: else
  fi;
  w = 0
}

// Leaves the change in n.
inline read_slot() {
  do
  :: atomic {
       n = slots[s].word0;
       blurred = max_of(blurred, n >> 1);
       found = (n == 0 -> unused : (n & 1 -> torn : used))
     };
     if
     :: found == unused -> break
     :: found == torn ->  // the writer is inside, or died there
        read_entry(n >> 1);
        if
        :: atomic { entry == whole && got_slot == s -> n = n >> 1; found = used; got_slot = 0 };
           break
        :: else -> got_slot = 0
        fi
     :: found == used ->
        got_value = slots[s].value;
        if
        :: atomic { slots[s].word0 == n ->
             n = n >> 1;
             claim(no_torn_record, got_value == n && slot_of[n] == s);
             got_value = 0
           };
           break
        :: atomic { else -> got_value = 0; found = torn; blurred = max_of(blurred, slots[s].word0 >> 1) }
        fi
     fi;
     atomic {
       n = 0;
       if
       :: retries > 0 -> retries--
       :: else -> break
       fi
     }
  od
}

inline visit(slot, number) {
  claim(never_older_after_newer, number >= table[slot]);
  table[slot] = number;
  seen[slot] = number
}

// Once the cursor has passed everything a blurred table might lack, it is exact for good.
inline check_table() {
  atomic {
    if
    :: cursor >= blurred ->
       blurred = 0;
       for (s : 0 .. SLOTS - 1) {
         w = cursor;
         do
         :: w > 0 && slot_of[w] != s -> w--
         :: else -> break
         od;
         claim(table_is_exact_at_its_cursor, table[s] == w)
       }
     :: else
    fi;
    entry = 0; found = 0; consistent = false;
    w = 0; n = 0; s = 0; first = 0; reach = 0; retries = 0; laps = 0; got_slot = 0;
    for (s : 0 .. SLOTS - 1) { seen[s] = 0 }
    s = 0
  }
}

active proctype reader() {
  byte table[SLOTS];  // what the driver believes: newest change per slot, as Feed::apply() keeps it
  byte seen[SLOTS];   // SnapshotReader::seen_
  byte cursor, first, reach, n, w, got_slot, got_value, s, laps, retries;
  byte blurred;       // up to here an inconsistent table may lack changes, and be ahead of the cursor
  mtype entry, found;
  bool consistent, still;

  goto resync;

poll:  // poll(), one change at a time, until there is none
  still = writer_ended;
  read_entry(cursor + 1);
  if
  :: entry == whole ->
     atomic {
       cursor++;
       if
       :: cursor > table[got_slot] -> table[got_slot] = cursor
       :: else -> claim(never_older_after_newer, cursor <= blurred)  // Feed::apply() drops it
       fi
     }
     check_table();
     goto poll
#ifndef MUTANT_6  // a newer word 0 is taken for "nothing new"
  :: entry == lapped -> still = false; goto resync
#else
  :: entry == lapped -> goto wait
#endif
  :: entry == not_yet -> entry = 0; goto wait
  fi;

wait:  // wakeup.pml proves the sleep; here it is a guard
  if
  :: still -> goto end
  :: !still -> got_slot = 0; (writer_ended || ring[(cursor + 1) % RING].word0 >= ready(cursor + 1)); goto poll
  fi;

resync:
  laps = 1;
again:
  still = writer_ended;
  first = applied;
  atomic {
    reach = first; retries = RETRIES; consistent = true;
    for (s : 0 .. SLOTS - 1) { seen[s] = 0 }
    s = 0
  }
  do
  :: s < SLOTS ->
     read_slot();
     atomic {
       if
       :: found == torn -> consistent = false
       :: found == unused
       :: found == used ->
          reach = max_of(reach, n);
          visit(s, n)
       fi;
       s++
     }
  :: else -> break
  od;
  n = first;
#ifndef MUTANT_4  // the scan is taken for the truth, without the replay
  do
  :: consistent && n < reach ->
     read_entry(n + 1);
     if
     :: entry == whole ->
        n++;
        if
        :: n > seen[got_slot] -> atomic { visit(got_slot, n) }
        :: else
        fi
     :: else -> consistent = false
     fi
  :: else -> break
  od;
#else
  n = reach;
#endif
  if
  :: consistent -> cursor = n; blurred = 0
  :: !consistent && laps < LAPS -> laps++; goto again
  :: else -> cursor = first  // reported as inconsistent; read_table() goes on from here all the same
  fi;
  claim(a_table_at_rest_is_consistent, consistent || !still);
  check_table();
  goto poll;

end:
  claim(nothing_is_missed, cursor == finished);
  check_table()
}

// Each loop of the reader ends while the writer rests or goes on to its last change.
ltl the_reader_catches_up { <> (reader@end) }

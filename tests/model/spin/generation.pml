// The switch of generations (C13 to C15, C19): agents come one after another, each may be killed after any store and
// between any two steps; the name leads from file to file; the driver follows, reads, and connects.
//
// agent/io/channel.cpp: Channel::open(), publish(). ipc/state_file.cpp: AgentLock, create(), publish(),
// retire_previous(). ipc/liveness.cpp. ipc/agent_socket.cpp: AgentDoor::hear(). ipc/snapshot_writer.cpp:
// mark_in_flight(), clear_in_flight(), replaced(). shim/session.cpp: find_agent(), look_after_agent(), agent_lost(),
// wants_connection(). A file is known by its number, which is its generation; 0 is no file. wakeup.pml proves the sleep.
#include "claims.inc"

#define FILES 3
#define DEATHS 2
#define CHANGES 1

typedef StateFile {  // a file `state`, or its temporary
  bool ready;    // StatePrefix::file_state
  bool retired;  // StatePrefix::retired
  bool held;     // StateHeader::liveness: a living holder
  byte applied;  // StateHeader::applied
  byte record;   // of the table: the generation that wrote it
  bool mark      // MarkCell::executor_id of one create
};
StateFile file[FILES + 1];
byte name;    // the file that `state` leads to
byte lock;    // the agent that holds the OFD lock
byte door;    // the agent that listens on agent.sock
byte link;    // the agent the driver is connected to: closed by the agent's death
byte killed;  // the agent that is killed
bool owed;    // a create whose outcome nobody has settled

byte mapped, shown;  // the driver: its file, and the generation of what it shows
byte deaths;

hidden byte the_name_leads_to_a_ready_file, no_driver_stays_at_a_dead_agent, generations_are_never_mixed,
  one_session_has_one_generation, no_mark_is_forgotten, who_is_replaced_writes_nothing;

inline die(g) {
  // The kernel: the robust word first, then the address space, the sockets, and last the lock (an OFD lock of a closed file).
  file[g].held = false;
  atomic {
    if
    :: door == g -> door = 0
    :: else
    fi;
    if
    :: link == g -> link = 0
    :: else
    fi
  };
  if
  :: lock == g -> lock = 0
  :: else
  fi
}

active proctype sigkill() {
  do
  :: deaths < DEATHS && lock != 0 && killed != lock -> atomic { killed = lock; deaths++ }
  :: break
  od
}

proctype agent(byte g) {
  byte previous, replaces, change;
  bool inherited;
  {
#ifndef MUTANT_1  // the lock is not taken
    atomic { lock == 0 -> lock = g };
#else
    lock = g;
#endif
    // create(): look_at_previous(), then the new file under its temporary name, with the marks of the old one
    atomic { replaces = name; previous = name };
    inherited = (previous != 0 && file[previous].ready -> file[previous].mark : false);
#ifndef MUTANT_2  // the new file is shown before it has the old one's marks
    file[g].mark = inherited;
#endif
    file[g].held = true;
    file[g].record = g;
    // publish()
    if
    :: name != replaces -> goto over
    :: name == replaces
    fi;
#ifdef MUTANT_3  // renamed before it is ready
    name = g;
    file[g].ready = true;
#else
    file[g].ready = true;
    name = g;
#endif
    claim(the_name_leads_to_a_ready_file, name == 0 || file[name].ready);
    if  // retire_previous()
    :: previous != 0 -> file[previous].retired = true
    :: else
    fi;
#ifdef MUTANT_2
    file[g].mark = inherited;
#endif
    door = g;
    // It serves: whatever it owes stands in the marks that it knows of.
    claim(no_mark_is_forgotten, inherited || !owed);
    do
    :: file[g].retired -> break  // AsioLoop's guard: replaced() before every turn
    :: !file[g].retired && change < CHANGES ->
       atomic { change++; claim(who_is_replaced_writes_nothing, !file[g].retired); file[g].applied = change }
    :: !file[g].retired && !inherited ->  // Creates::start(): the mark, then the POST
       inherited = true;
       file[g].mark = true;
       owed = true
    :: !file[g].retired && inherited && owed ->  // Creates::settle()
       owed = false;
       file[g].mark = false;
       inherited = false
    :: g < FILES && !file[g].retired -> break  // ends by itself
    od;
over: skip
  } unless { killed == g };
  die(g);
#ifndef MUTANT_1
  if
  :: g < FILES -> run agent(g + 1)  // the supervisor, or the kubelet
  :: else
  fi
#endif
}

active proctype driver() {
  byte f;
  do
  :: mapped == 0 ->
     // find_agent() asks by the clock; here it waits until an answer can be another. attach_state() opens the name once.
     atomic { name != 0 && file[name].held && !file[name].retired -> f = name };
#ifdef MUTANT_5  // the header is checked by one open(), the areas are mapped by another
     if
     :: file[f].ready -> mapped = f; shown = file[name].record
     :: else
     fi;
#else
     if
     :: !file[f].ready  // not_ready: again
     :: file[f].ready && (file[f].retired || !file[f].held)  // left by an agent that is gone: again
     :: file[f].ready && !file[f].retired && file[f].held -> mapped = f; shown = file[f].record
     fi;
#endif
     claim(generations_are_never_mixed, mapped == 0 || shown == mapped)
  :: mapped != 0 ->
     if
#ifdef MUTANT_4  // only `retired` is looked at: a successor may die between the rename and that store
     :: file[mapped].retired ->
#else
     :: !file[mapped].held || file[mapped].retired ->  // look_after_agent(): agent_lost()
#endif
        mapped = 0; link = 0; shown = 0
#ifdef MUTANT_6  // the agent admits whoever comes, whatever it has mapped
     :: link == 0 && door != 0 -> link = door
#else
     :: atomic { link == 0 && door != 0 && door == mapped -> link = door }  // hello names the generation, hear() compares
#endif
     fi;
     claim(one_session_has_one_generation, link == 0 || mapped == 0 || link == mapped)
  od
}

init {
  run agent(1);
#ifdef MUTANT_1
  run agent(2)
#endif
}

active proctype rest() {
  timeout ->
  // The newest agent that lives: its file is the one the driver has, and is connected to.
  claim(no_driver_stays_at_a_dead_agent, mapped == 0 || (file[mapped].held && !file[mapped].retired));
  claim(no_driver_stays_at_a_dead_agent, door == 0 || (mapped == door && link == door))
}

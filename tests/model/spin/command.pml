// Commands and results (C16, C17): the driver posts into its sealed memfd, the agent copies once, executes, and answers in
// `state`. Either may be killed after any store. After the driver's end, or a lost connection, a second session follows
// on the same `state` with a queue of its own; after the agent's end the driver still reads what was answered.
//
// ipc/command_producer.cpp: post(), reserve(), take_result(). ipc/command_consumer.cpp: the constructor, drain(),
// take_one(), more(). ipc/results.cpp: read_result(). ipc/snapshot_writer.cpp: result(), write_cell().
// agent/io/shm_commands.cpp: attached(), gone(), finish(). agent/flow/command_loop.cpp: drain(). shim/session.cpp: send().
// wakeup.pml proves that both sides learn of news; here they wait by guards.
#include "claims.inc"

#define SLOTS 2     // limits::queue_slots, 1,024 there
#define RESULTS 2   // limits::results, as many as slots there, too
#ifndef COMMANDS
#define COMMANDS 3  // of the first session
#endif
#ifndef LATER
#define LATER 2     // of the second
#endif
#define DRAIN 2     // limits::drain_commands, 256 there
#define tag(e, id) ((e) * 8 + (id))

// FINDING_1, as ipc/command_producer.cpp has it: an Ack is posted past the result window. The agent answers it like any
// other command, in the cell of a result that nobody has taken. Otherwise, as it should be: an Ack keeps to the window.

typedef Slot { byte word0; byte body; bool payload };
typedef Queue { Slot slot[SLOTS]; byte arena };  // the arena: room for one payload
Queue queue[3];                                  // by epoch: a memfd per connection
byte consumed, epoch;                            // StateHeader::commands_consumed, commands_epoch
typedef Result { byte word0; byte epoch; byte id; byte verdict };
Result result[RESULTS];  // ResultCell

byte connected;  // the epoch whose socket is open
byte admitted;   // the last epoch that the door gave out
bool driver_killed, agent_killed, agent_ended;
byte answered[3], posted[3];
byte executed[3];  // bit per id
byte acks;         // bit per id of the session under way

hidden byte no_slot_is_written_before_it_is_read, an_honest_driver_never_breaches, executed_at_most_once,
  a_result_is_of_its_command, payload_is_the_one_posted, every_command_is_answered;

active proctype sigkill() {
  if
  :: driver_killed = true
  :: agent_killed = true
  :: true
  fi
}

#ifdef MUTANT_1  // no re-check of word 0
#define unchanged true
#else
#define unchanged (result[front % RESULTS].word0 == w)
#endif
#ifdef MUTANT_2  // an answer of the session before is taken
#define of_this_session true
#else
#define of_this_session (got_epoch == me)
#endif
#ifdef MUTANT_3  // an answer to another command of the same cell is taken
#define of_this_command true
#else
#define of_this_command (got_id == front)
#endif

// CommandProducer::take_result(): the oldest that is pending.
inline take_result() {
  if
  :: front != 0 ->
     atomic { w = result[front % RESULTS].word0; mine = (w != 0 && !(w & 1)) };
     if
     :: mine ->
        got_epoch = result[front % RESULTS].epoch;
        got_id = result[front % RESULTS].id;
        got_verdict = result[front % RESULTS].verdict;
        atomic {
          if
          :: unchanged && of_this_session && of_this_command ->
             claim(a_result_is_of_its_command, got_verdict == tag(me, front));
             answered[me]++;
             if
             :: held == front -> held = 0  // its arena range is given back
             :: else
             fi;
             do  // the next one that waits for a result
             :: front++;
                if
                :: front > last -> front = 0; break
                :: front <= last && !(acks & (1 << front)) -> break
                :: else
                fi
             od
          :: else
          fi;
          got_epoch = 0; got_id = 0; got_verdict = 0
        }
     :: else
     fi;
     atomic { w = 0; mine = false }
  :: else
  fi
}

#ifdef FINDING_1
#define keeps_to_window (!ack)
#else
#define keeps_to_window true
#endif
#define result_is_there (front != 0 && result[front % RESULTS].word0 != 0 && !(result[front % RESULTS].word0 & 1) && \
                         result[front % RESULTS].epoch == me && result[front % RESULTS].id == front)

proctype driver(byte me; byte most) {
  byte last, front, held, id, c, w, got_epoch, got_id, got_verdict;
  bool ack, payload, counted, mine;
  {
    atomic { acks = 0; admitted == me };  // connect_agent() has the queue
    do
    :: last < most && connected == me ->
       // Session::send(): results first, then what there is to post. post():
       take_result();
       atomic {
         id = last + 1;
         if
         :: ack = true; payload = false
         :: ack = false; payload = false
         :: held == 0 -> ack = false; payload = true
#ifdef MUTANT_6  // an arena range is given out while its command waits for its result
         :: ack = false; payload = true
#endif
         fi
       };
       counted = (epoch == me);
       c = (counted -> consumed : 0);
       if
#ifndef MUTANT_4  // the slots are not counted
       :: last - (c < last -> c : last) >= SLOTS ->  // full
          (connected != me || (epoch == me && consumed != c) || result_is_there)
#endif
#ifndef MUTANT_5  // nor the results
       :: front != 0 && id - front >= RESULTS && keeps_to_window -> (connected != me || result_is_there)
#endif
       :: else ->
          if
          :: payload -> queue[me].arena = tag(me, id)
          :: else
          fi;
#ifdef MUTANT_7  // word 0 before the rest of the slot
          queue[me].slot[id % SLOTS].word0 = id;
          queue[me].slot[id % SLOTS].body = tag(me, id);
#else
          queue[me].slot[id % SLOTS].body = tag(me, id);
#endif
          queue[me].slot[id % SLOTS].payload = payload;
          atomic {
            queue[me].slot[id % SLOTS].word0 = id;
            last = id;
            if
            :: ack -> acks = acks | (1 << id)
            :: else ->
               posted[me]++;
               if
               :: front == 0 -> front = id
               :: else
               fi;
               if
               :: payload -> held = id
               :: else
               fi
            fi
          }
       fi;
       atomic { id = 0; c = 0; ack = false; payload = false; counted = false }
    :: (last == most || connected != me) && result_is_there -> take_result()
    :: me == 1 && connected == me && last > 0 -> break  // the connection is lost for another reason
    :: connected != me && !result_is_there -> break
    od
  } unless { driver_killed };
  // EOF at the agent; then this driver, or the next one, comes again.
  atomic {
    driver_killed = false;
    if
    :: connected == me -> connected = 0
    :: else
    fi;
    if
    :: me == 1 && !agent_ended -> run driver(2, LATER)
    :: else
    fi
  }
}

// CommandConsumer::take_one()
inline take_one() {
  atomic {
    w = queue[e].slot[(head + 1) % SLOTS].word0;
    there = (w == head + 1);
    claim(an_honest_driver_never_breaches, there || w == (head + 1 > SLOTS -> head + 1 - SLOTS : 0));
    w = 0
  };
  if
  :: there ->
     body = queue[e].slot[(head + 1) % SLOTS].body;
     has_payload = queue[e].slot[(head + 1) % SLOTS].payload;
     claim(no_slot_is_written_before_it_is_read, body == tag(e, head + 1));
     if
     :: has_payload -> claim(payload_is_the_one_posted, queue[e].arena == body)
     :: else
     fi;
     atomic { body = 0; has_payload = false; head++; drained++ }
  :: else
  fi
}

// SnapshotWriter::result(): write_cell() with the number of the write.
inline answer(number) {
  atomic {
    claim(executed_at_most_once, !(executed[e] & (1 << (number))));
    executed[e] = executed[e] | (1 << (number))
  };
  atomic { writes++; result[(number) % RESULTS].word0 = writes << 1 | 1 };
  result[(number) % RESULTS].epoch = e;
  result[(number) % RESULTS].id = number;
  result[(number) % RESULTS].verdict = tag(e, number);
  result[(number) % RESULTS].word0 = writes << 1
}

active proctype agent() {
  byte e, head, drained, writes, body, w;
  bool there, has_payload, gone;
  {
    do
    :: e < 2 ->
       // AgentDoor::hear(), ShmCommands::attached(): the queue is handed out, then the consumer is made
       atomic { e++; head = 0; connected = e; admitted = e };
#ifdef MUTANT_8  // the epoch before the count that belongs to it
       epoch = e;
       consumed = 0;
#else
       consumed = 0;
       epoch = e;
#endif
       do
       :: (connected != e || queue[e].slot[(head + 1) % SLOTS].word0 == head + 1) ->
          atomic { gone = (connected != e); drained = 0 };  // check_owner() before the drain: last words still count
          do
          :: drained < DRAIN ->
             take_one();
             if
             :: there
             :: !there -> break
             fi
          :: else -> break
          od;
          if
          :: drained > 0 ->
             consumed = head;
             do  // CommandLoop::drain()
             :: drained > 0 -> answer(head + 1 - drained); drained--
             :: drained == 0 -> break
             od
          :: else
          fi;
          if
          :: gone && queue[e].slot[(head + 1) % SLOTS].word0 != head + 1 -> break  // finish()
          :: else
          fi
       od;
       gone = false
    :: e == 2 -> break
    od
  } unless { agent_killed };
  atomic { agent_ended = true; connected = 0 }
}

init { run driver(1, COMMANDS) }

active proctype rest() {
  timeout ->
  claim(every_command_is_answered, agent_ended || connected == 0 || answered[connected] == posted[connected])
}

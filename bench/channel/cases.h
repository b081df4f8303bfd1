// The questions that bench_channel answers, one function each.
#pragma once
#include "bench/support/floors.h"
#include "bench/support/report.h"

namespace outrigger::bench {

struct Floors {
  Latency round_trip, one_way, futex;
};

void publish_to_copied(Report& report, const Floors& floors);
void sleeping_reader(Report& report, const Floors& floors);
void publish_cost_with_sleepers(Report& report);
void command_round_trip(Report& report, const Floors& floors);
void attach_and_resync(Report& report);
void death_notice(Report& report);

}  // namespace outrigger::bench

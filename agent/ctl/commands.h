// What each command prints. All take values and a stream, so that a test needs no process and no agent.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "agent/ctl/selector.h"
#include "agent/ctl/table.h"
#include "agent/ctl/view.h"

namespace outrigger::ctl {

// One change out of the ring: the whole record as it was then.
struct Event {
  std::uint64_t sequence = 0;
  core::ExecutorRecord record;
};

enum class Output { table, wide, json, name };

struct PodsOptions {
  Output output = Output::table;
  Selector selector;  // without a term on `gone`, tombstones are left out unless `all`
  bool all = false;
  bool heads = true;
};

void print_status(std::ostream& out, const View& view);
void print_status_json(std::ostream& out, const View& view);

void print_pods(std::ostream& out, const View& view, const PodsOptions& options);
std::vector<const Executor*> select(const View& view, const PodsOptions& options);
TableRow pod_row(const Executor& executor, core::WallMillis now, bool wide);
TableRow pod_head(bool wide);

// `history`: the changes of this executor that the ring still has, oldest first.
void print_pod(std::ostream& out, const View& view, const Executor& executor,
               const std::vector<Event>& history);
void print_pod_json(std::ostream& out, const View& view, const Executor& executor,
                    const std::vector<Event>& history);

// Why one executor is as it is; why every pending one waits and every profile is not at its target.
void print_why(std::ostream& out, const View& view, const Executor& executor);
void print_why_pending(std::ostream& out, const View& view);

void print_events(std::ostream& out, const std::vector<Event>& events, bool heads);
void print_event_json(std::ostream& out, const Event& event);

}  // namespace outrigger::ctl

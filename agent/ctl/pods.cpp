#include <ostream>

#include "agent/ctl/commands.h"
#include "agent/ctl/json.h"
#include "agent/ctl/text.h"

namespace outrigger::ctl {
namespace {

std::string name_of(const core::ExecutorRecord& record) {
  return record.pod.name.empty() ? "executor-" + std::to_string(record.pod.executor_id.value)
                                 : printable(record.pod.name);
}

}  // namespace

TableRow pod_head(bool wide) {
  TableRow head{"NAME", "ID", "PROFILE", "STATE", "REASON", "AGE"};
  if (wide) head.insert(head.end(), {"IP", "NODE", "EXIT", "CLASS", "APP-FAULT"});
  return head;
}

TableRow pod_row(const Executor& executor, core::WallMillis now, bool wide) {
  const core::ExecutorRecord& record = executor.record;
  TableRow row{name_of(record),
               std::to_string(record.pod.executor_id.value),
               std::to_string(record.pod.profile.value),
               state_word(record),
               reason_word(record),
               age(record.pod.created_at_ms, now)};
  if (wide) {
    const bool ended = record.exit.exit_class != core::ExitClass::none;
    row.insert(row.end(), {ip_text(record.pod.ip), printable(record.pod.node),
                           ended ? std::to_string(record.exit.exit_code) : std::string{},
                           ended ? std::string(core::to_string(record.exit.exit_class)) : std::string{},
                           ended ? (record.exit.caused_by_app ? std::string("yes") : std::string("no"))
                                 : std::string{}});
  }
  return row;
}

std::vector<const Executor*> select(const View& view, const PodsOptions& options) {
  std::vector<const Executor*> chosen;
  const bool gone_too = options.all || options.selector.names("gone");
  for (const Executor& executor : view.executors) {
    if ((gone_too || !executor.record.gone) && options.selector.matches(executor.record))
      chosen.push_back(&executor);
  }
  return chosen;
}

void print_pods(std::ostream& out, const View& view, const PodsOptions& options) {
  const auto chosen = select(view, options);
  if (options.output == Output::json) {
    print_json_list(out, view, chosen);
    return;
  }
  if (options.output == Output::name) {
    for (const Executor* executor : chosen) out << "pod/" << name_of(executor->record) << '\n';
    return;
  }
  const bool wide = options.output == Output::wide;
  Table table{pod_head(wide), {}};
  for (const Executor* executor : chosen) table.rows.push_back(pod_row(*executor, view.read_at_ms, wide));
  print(out, table, options.heads);
}

}  // namespace outrigger::ctl

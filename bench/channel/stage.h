// A formatted state over memory that a child process shares: what both sides of the channel benches stand on.
#pragma once
#include <memory>

#include "bench/support/peer.h"
#include "ipc/layout.h"
#include "ipc/record.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_view.h"

namespace outrigger::bench {

class Stage {
 public:
  explicit Stage(std::uint32_t capacity);
  const ipc::StateView& view() const { return view_; }
  // Fills slots 0 .. pods-1 with one pod each.
  void fill(ipc::SnapshotWriter& writer, std::uint32_t pods) const;

 private:
  SharedPages pages_;
  ipc::StateView view_;
};

ipc::PodRecord a_pod(std::uint64_t executor_id);

}  // namespace outrigger::bench

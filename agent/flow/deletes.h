// Deletes and "inactive" labels in flight, each with a uid precondition (C20). Which pod may be asked about,
// and when again, is core::DeleteBook's; this sends and reports.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "agent/core/api_error.h"
#include "agent/core/ids.h"
#include "agent/flow/calls.h"

namespace outrigger::flow {

struct DeleteCall {
  core::PodUid uid;
  core::ExecutorId id;
  std::string name;
  bool label_only = false;  // marks it inactive instead (delete_on_termination = false)
  kube::Request request;
};
enum class DeleteEnd : std::uint8_t { accepted, gone, failed };  // gone: 404, or the name has another uid now
struct DeleteOutcome {
  core::PodUid uid;
  core::ExecutorId id;
  bool label_only = false;
  DeleteEnd end = DeleteEnd::accepted;
  core::ApiError error;
  core::Instant sent_at{};
  core::Nanos took{0};
};

class Deletes final {
 public:
  using Done = std::function<void(const DeleteOutcome&)>;
  Deletes(Calls& calls, ports::Clock& clock) : calls_(calls), clock_(clock) {}

  void start(DeleteCall call, Done done);
  std::size_t in_flight() const { return in_flight_; }

 private:
  Calls& calls_;
  ports::Clock& clock_;
  std::size_t in_flight_ = 0;
};

}  // namespace outrigger::flow

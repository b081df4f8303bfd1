// Private to the decoder: the fields of one pod, in whatever order they come.
#pragma once
#include <string>

#include "agent/core/pod.h"
#include "agent/kube/json_reader.h"

namespace outrigger::kube {

// What a pod's or a bookmark's metadata says beside the pod itself.
struct ObjectFacts {
  bool foreign_kind = false;  // neither a pod nor its metadata
  std::string resource_version;
  bool initial_events_end = false;
};

// Empties every field and keeps the strings' memory.
void clear(core::Pod& pod);
void clear(core::ExecutorContainer& container);
// Waits for something that a normal start does not wait for.
bool cannot_start(const core::ExecutorContainer& container);

class PodReader {
 public:
  PodReader(JsonReader& json, std::string container_name)
      : json_(json), container_name_(std::move(container_name)) {}

  // `pod` must be cleared. A bookmark's object goes through here as well: a skeleton full of nulls.
  bool read(core::Pod& pod, ObjectFacts& facts);
  // A pod without name or uid is no pod.
  bool is_whole(const core::Pod& pod);

 private:
  using Container = core::ExecutorContainer;
  struct Others {  // containers that are not the executor's
    bool failed = false;
    bool running = false;
    std::string startup_reason;
  };
  bool field(RawKey key, core::Pod& pod, ObjectFacts& facts);
  bool metadata(core::Pod& pod, ObjectFacts& facts);
  bool label(RawKey key, core::Pod& pod);
  bool annotations(ObjectFacts& facts);
  bool owners(core::Pod& pod);
  bool volume(core::Pod& pod);
  bool spec(core::Pod& pod);
  bool status(core::Pod& pod);
  bool condition(core::Pod& pod);
  bool containers(core::Pod& pod);
  bool init_containers();
  bool container(Container& out, std::string& name);
  bool container_state(Container& out);
  bool running(Container& out);
  bool waiting(Container& out);
  bool terminated(Container& out);
  bool reason_or_message(RawKey key, Container& out);
  void note_other(const Container& container);
  bool uid(const RawText& raw, const char* where, core::PodUid& out);

  JsonReader& json_;
  std::string container_name_;
  // The last owner.
  std::string owner_text_;
  core::PodUid owner_;
  // Scratch of one pod.
  Others others_;
  std::size_t spec_containers_ = 0;
  Container container_;
  std::string name_;
};

}  // namespace outrigger::kube

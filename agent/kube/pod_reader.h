// Private to the decoder: the fields of one pod, in whatever order they come.
#pragma once
#include <string>

#include "agent/core/pod.h"
#include "agent/kube/json_reader.h"

namespace outrigger::kube {

// What a pod's or a bookmark's metadata says beside the pod itself.
struct ObjectFacts {
  std::string kind;
  std::string resource_version;
  bool initial_events_end = false;
  bool has_metadata = false;
};

// Empties every field and keeps the strings' memory.
void clear(core::Pod& pod);
void clear(core::ExecutorContainer& container);
// Waits for something that a normal start does not wait for.
bool cannot_start(const core::ExecutorContainer& container);

class PodReader {
 public:
  PodReader(JsonReader& json, std::string container_name)
      : x_json(json), x_container_name(std::move(container_name)) {}

  // `pod` must be cleared. A bookmark's object goes through here as well: a skeleton full of nulls.
  bool read(JsonReader::Value& object, core::Pod& pod, ObjectFacts& facts);
  bool read(JsonReader::Object& object, core::Pod& pod, ObjectFacts& facts);
  // A pod without name or uid is no pod.
  bool is_whole(const core::Pod& pod);

 private:
  using Value = JsonReader::Value;
  using Container = core::ExecutorContainer;
  struct Others {  // containers that are not the executor's
    bool failed = false;
    bool running = false;
    std::string startup_reason;
  };
  bool field(RawKey key, Value& value, core::Pod& pod, ObjectFacts& facts);
  bool metadata(Value& value, core::Pod& pod, ObjectFacts& facts);
  bool label(RawKey key, Value& value, core::Pod& pod);
  bool annotations(Value& value, ObjectFacts& facts);
  bool owners(Value& value, core::Pod& pod);
  bool spec(Value& value, core::Pod& pod);
  bool status(Value& value, core::Pod& pod);
  bool condition(Value& value, core::Pod& pod);
  bool containers(Value& value, core::Pod& pod);
  bool init_containers(Value& value);
  bool container(Value& value, Container& out, std::string& name);
  bool container_state(Value& value, Container& out);
  bool running(Value& value, Container& out);
  bool waiting(Value& value, Container& out);
  bool terminated(Value& value, Container& out);
  bool reason_or_message(RawKey key, Value& value, Container& out);
  void note_other(const Container& container);
  bool uid(Value& value, const char* where, core::PodUid& out);

  JsonReader& x_json;
  std::string x_container_name;
  // Scratch of one pod.
  Others x_others;
  std::size_t x_spec_containers = 0;
  Container x_container;
  std::string x_name;
};

}  // namespace outrigger::kube

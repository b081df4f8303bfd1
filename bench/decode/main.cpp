// bench_decode: bytes of a watch to decoded pods, without a socket, beside bare simdjson on-demand loops over the same bytes that
// look for the line end and a few fields, and check nothing else.
#include <simdjson.h>
#include <time.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "agent/kube/watch_machine.h"
#include "agent/kube/watch_stream.h"
#include "bench/support/peer.h"
#include "bench/support/pod_events.h"
#include "bench/support/report.h"

namespace {

using namespace outrigger;

constexpr bench::PodStep steps[] = {bench::PodStep::pending, bench::PodStep::scheduled,
                                    bench::PodStep::creating, bench::PodStep::running};

struct Stream {
  std::string bytes;
  std::size_t events = 0;
};

Stream make_stream(std::size_t events) {
  Stream stream;
  stream.events = events;
  for (std::size_t i = 0; i < events; ++i) {
    const bench::EventPod pod{.id = 1 + i / 4, .version = 1000 + i, .step = steps[i % 4]};
    stream.bytes += bench::event_json(i % 4 == 0 ? "ADDED" : "MODIFIED", pod);
  }
  stream.bytes.reserve(stream.bytes.size() + kube::json_padding);
  return stream;
}

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "bench_decode: %s\n", what);
  std::exit(1);
}

template <class Read>
std::uint64_t each_line(const Stream& stream, Read read) {
  simdjson::ondemand::parser parser;
  std::uint64_t sum = 0;
  const char* at = stream.bytes.data();
  const char* end = at + stream.bytes.size();
  while (at < end) {
    const auto* lf = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    const auto size = static_cast<std::size_t>(lf - at);
    auto document = parser.iterate(at, size, size + simdjson::SIMDJSON_PADDING);
    sum += read(document);
    at = lf + 1;
  }
  return sum;
}

// Reads no further than the resource version: most of the event is never walked.
std::uint64_t floor_of_two_fields(const Stream& stream) {
  return each_line(stream, [](auto& document) {
    std::string_view type, version;
    if (document["type"].get(type) != simdjson::SUCCESS) die("floor: no type");
    if (document["object"]["metadata"]["resourceVersion"].get(version) != simdjson::SUCCESS)
      die("floor: no version");
    return version.size();
  });
}

// The least that a view of pods needs: has to walk to the phase, at the end of the event.
std::uint64_t floor_of_six_fields(const Stream& stream) {
  return each_line(stream, [](auto& document) {
    std::string_view type, name, uid, version, node, phase;
    if (document["type"].get(type) != simdjson::SUCCESS) die("floor: no type");
    simdjson::ondemand::object object, metadata;
    if (document["object"].get(object) != simdjson::SUCCESS) die("floor: no object");
    if (object["metadata"].get(metadata) != simdjson::SUCCESS) die("floor: no metadata");
    if (metadata["name"].get(name) != simdjson::SUCCESS || metadata["uid"].get(uid) != simdjson::SUCCESS ||
        metadata["resourceVersion"].get(version) != simdjson::SUCCESS)
      die("floor: no metadata");
    if (object["spec"]["nodeName"].get(node) != simdjson::SUCCESS) node = {};
    if (object["status"]["phase"].get(phase) != simdjson::SUCCESS) die("floor: no phase");
    return version.size() + name.size() + uid.size() + node.size() + phase.size();
  });
}

std::uint64_t split_and_decode(const Stream& stream, std::size_t chunk, kube::WatchMachine* machine,
                               const kube::WatchConfig& config) {
  kube::WatchStream watch;
  kube::WatchFrame frame;
  std::uint64_t frames = 0;
  const std::string_view bytes = stream.bytes;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    watch.feed(bytes.substr(at, chunk));
    kube::WatchStream::Next next;
    while ((next = watch.next(frame)) == kube::WatchStream::Next::frame) {
      ++frames;
      if (machine == nullptr) continue;
      kube::WatchStep step =
          kube::step(std::move(*machine), kube::watch_input::Frame{&frame}, core::Instant{}, 0, config);
      if (!step.emit.forward) die("the machine dropped an event");
      *machine = std::move(step.machine);
    }
    if (next == kube::WatchStream::Next::bad) die(watch.error().text.c_str());
  }
  if (frames != stream.events) die("not every event came out");
  return frames;
}

// This thread's CPU time, best of many short rounds: the machine is shared, and noise only ever adds.
double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <class Run>
double ns_per_event(const Stream& stream, int rounds, Run run) {
  double best = 1e18;
  for (int round = 0; round < rounds; ++round) {
    const double start = cpu_ns();
    if (run() == 0) die("nothing was done");
    best = std::min(best, (cpu_ns() - start) / static_cast<double>(stream.events));
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report("decode", argc, argv);
  bench::pin_to_core(0);
  const Stream stream = make_stream(1'000);
  const int rounds = report.quick() ? 5 : 200;
  const double event_bytes = static_cast<double>(stream.bytes.size()) / static_cast<double>(stream.events);
  const kube::WatchConfig config{.requests = kube::Requests::in_namespace("spark").value()};
  const std::string two = "simdjson, type and version", six = "simdjson, six fields";

  const double floor_two = ns_per_event(stream, rounds, [&] { return floor_of_two_fields(stream); });
  const double floor_six = ns_per_event(stream, rounds, [&] { return floor_of_six_fields(stream); });
  const auto decoded_by = [&](std::size_t chunk, bool with_step) {
    return ns_per_event(stream, rounds, [&] {
      kube::WatchMachine machine;
      machine.phase = kube::watch_phase::Watching{};
      return split_and_decode(stream, chunk, with_step ? &machine : nullptr, config);
    });
  };
  const double large = decoded_by(256u << 10, false), small = decoded_by(16u << 10, false);
  const double stepped = decoded_by(16u << 10, true);

  report.add({.name = "event size", .value = event_bytes, .unit = "bytes"});
  report.add({.name = "floor: " + two, .value = floor_two, .unit = "ns/event"});
  report.add({.name = "floor: " + six, .value = floor_six, .unit = "ns/event"});
  report.add({.name = "split and decode, 256 KiB chunks",
              .value = large,
              .unit = "ns/event",
              .reference = two,
              .reference_value = floor_two});
  report.add({.name = "split and decode, 16 KiB chunks",
              .value = small,
              .unit = "ns/event",
              .reference = two,
              .reference_value = floor_two});
  report.add({.name = "split, decode and step, 16 KiB chunks",
              .value = stepped,
              .unit = "ns/event",
              .reference = six,
              .reference_value = floor_six});
  const auto rate = [&](double ns) { return event_bytes / ns * 1000; };
  for (const auto& [name, floor] : {std::pair(two, floor_two), std::pair(six, floor_six)}) {
    report.add({.name = "split, decode and step: bytes",
                .value = rate(stepped),
                .unit = "MB/s",
                .reference = name,
                .reference_value = rate(floor),
                .goal = 0.7,
                .direction = bench::Goal::at_least});
  }

  std::string page_text =
      R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[)";
  constexpr std::size_t pods = core::limits::list_page_pods;
  for (std::uint64_t id = 1; id <= pods; ++id)
    page_text += (id > 1 ? "," : "") + bench::pod_json({.id = id, .version = id}, true);
  page_text += "]}\n";
  const Stream page{page_text, pods};
  kube::PodDecoder decoder;
  kube::ListPage decoded;
  const double listed = ns_per_event(page, rounds, [&] {
    if (!decoder.page(kube::Padded::of(page_text), decoded)) die("the page was refused");
    return decoded.count;
  });
  report.add({.name = "list page of 500 pods", .value = listed, .unit = "ns/pod"});
  return report.finish();
}

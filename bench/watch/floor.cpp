#include <curl/curl.h>
#include <simdjson.h>

#include <unordered_map>

#include "bench/watch/contestants.h"
#include "bench/watch/replay_server.h"

namespace outrigger::bench {
namespace {

struct Row {
  std::string name, phase, node;
  std::uint64_t version = 0;
};

struct Loop {
  simdjson::ondemand::parser parser;
  std::unordered_map<std::string, Row> rows;
  std::string pending;
  std::uint64_t events = 0;
  std::atomic<std::uint64_t>* seen = nullptr;

  void line(const char* begin, std::size_t size, std::size_t room) {
    auto document = parser.iterate(begin, size, room);
    std::string_view type, name, uid, version, phase, node;
    if (document["type"].get(type) != simdjson::SUCCESS) return;
    simdjson::ondemand::object object, metadata, spec, status;
    if (document["object"].get(object) != simdjson::SUCCESS) return;
    if (object["metadata"].get(metadata) != simdjson::SUCCESS) return;
    (void)metadata["name"].get(name);
    (void)metadata["uid"].get(uid);
    (void)metadata["resourceVersion"].get(version);
    Row& row = rows[std::string(uid)];
    row.name = name;
    row.version = std::strtoull(std::string(version).c_str(), nullptr, 10);
    if (object["spec"].get(spec) == simdjson::SUCCESS && spec["nodeName"].get(node) == simdjson::SUCCESS)
      row.node = node;
    if (object["status"].get(status) == simdjson::SUCCESS && status["phase"].get(phase) == simdjson::SUCCESS)
      row.phase = phase;
    ++events;
    if (name.ends_with("-" + std::to_string(marker_id))) seen->store(events, std::memory_order_release);
  }

  void bytes(const char* data, std::size_t size) {
    pending.append(data, size);
    pending.reserve(pending.size() + simdjson::SIMDJSON_PADDING);
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      line(pending.data() + begin, end - begin, pending.capacity() - begin);
    }
    pending.erase(0, begin);
  }
};

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<Loop*>(self)->bytes(data, size * count);
  return size * count;
}

}  // namespace

void run_floor(const std::string& url, std::atomic<std::uint64_t>& seen) {
  Loop loop;
  loop.seen = &seen;
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, (url + "/api/v1/namespaces/spark/pods?watch=1").c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &loop);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 512L * 1024);
  curl_easy_perform(easy);
  curl_easy_cleanup(easy);
}

}  // namespace outrigger::bench

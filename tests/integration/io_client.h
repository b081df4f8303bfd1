// The real CurlHttp on a real loop, and a sink that remembers: what the tests of this folder begin with.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/io/asio_loop.h"
#include "agent/io/curl_http.h"
#include "agent/metrics/catalog.h"
#include "tests/support/fake_log.h"

namespace outrigger::test {

class Loop {
 public:
  io::AsioLoop asio;
  // Runs until `done`, which is asked after each event of a Sink. A guard ends a test that would hang.
  bool run_until(std::function<bool()> done) {
    if (done()) return true;
    bool late = false;
    poke = [&] {
      if (done()) asio.stop();
    };
    const auto guard = asio.start(std::chrono::seconds(30), [&] {
      late = true;
      asio.stop();
    });
    asio.run();
    asio.cancel(guard);
    poke = nullptr;
    return !late;
  }
  std::function<void()> poke;
};

class Sink final : public ports::HttpSink {
 public:
  explicit Sink(Loop& loop) : loop_(loop) {}
  void on_head(const kube::ResponseHead& got) override {
    head = got;
    ++heads;
    if (at_head) at_head();
    if (loop_.poke) loop_.poke();
  }
  bool on_body(std::string_view bytes) override {
    received += bytes.size();
    if (keep) body.append(bytes);
    const bool go_on = !at_body || at_body(bytes);
    if (loop_.poke) loop_.poke();
    return go_on;
  }
  void on_end(const ports::TransportEnd& got) override {
    end = got;
    ++ends;
    if (at_end) at_end();
    if (loop_.poke) loop_.poke();
  }

  kube::ResponseHead head;
  std::string body;
  std::size_t received = 0;
  ports::TransportEnd end;
  int heads = 0, ends = 0;
  bool keep = true;
  std::function<void()> at_head, at_end;
  std::function<bool(std::string_view)> at_body;

 private:
  Loop& loop_;
};

inline kube::Request get(const std::string& target, core::Millis deadline = core::Millis(20'000)) {
  return {.verb = kube::Verb::get, .target = target, .deadline = deadline};
}
inline kube::Request watch(const std::string& target, core::Millis deadline = core::Millis(20'000)) {
  return {.verb = kube::Verb::watch, .target = target, .deadline = deadline};
}
inline kube::Request post(const std::string& target, std::string body,
                          core::Millis deadline = core::Millis(20'000)) {
  return {.verb = kube::Verb::create,
          .target = target,
          .body = std::move(body),
          .content_type = "application/json",
          .deadline = deadline};
}

}  // namespace outrigger::test

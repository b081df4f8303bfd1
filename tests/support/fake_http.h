// An HTTP port that records requests and answers only when a test says so.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/http.h"

namespace outrigger::test {

class FakeHttp final : public ports::Http {
 public:
  struct Exchange {
    ports::ExchangeId id = 0;
    ports::Lane lane = ports::Lane::watch;
    kube::Request request;
    ports::HttpSink* sink = nullptr;
    bool open = true;
    bool cancelled = false;
  };

  ports::ExchangeId start(ports::Lane lane, kube::Request request, ports::HttpSink& sink) override {
    exchanges.push_back({exchanges.size() + 1, lane, std::move(request), &sink, true, false});
    return exchanges.back().id;
  }
  void cancel(ports::ExchangeId id) override {
    if (id == 0 || id > exchanges.size() || !exchanges[id - 1].open) return;
    exchanges[id - 1].open = false;
    exchanges[id - 1].cancelled = true;
  }
  void reload_credentials() override { ++credential_reloads; }

  // Open exchanges of a verb, oldest first.
  std::vector<ports::ExchangeId> open(kube::Verb verb) const {
    std::vector<ports::ExchangeId> ids;
    for (const auto& e : exchanges)
      if (e.open && e.request.verb == verb) ids.push_back(e.id);
    return ids;
  }
  std::size_t count(kube::Verb verb) const {
    std::size_t n = 0;
    for (const auto& e : exchanges) n += e.request.verb == verb;
    return n;
  }
  const kube::Request& request(ports::ExchangeId id) const { return exchanges.at(id - 1).request; }

  void head(ports::ExchangeId id, std::uint16_t code,
            std::vector<std::pair<std::string, std::string>> headers = {}) {
    if (auto* sink = sink_of(id)) sink->on_head({code, std::move(headers)});
  }
  // false: the sink said stop, and has been told the end.
  bool body(ports::ExchangeId id, std::string_view bytes) {
    auto* sink = sink_of(id);
    if (sink == nullptr) return false;
    if (sink->on_body(bytes)) return true;
    end(id, ports::Transport::aborted);
    return false;
  }
  void end(ports::ExchangeId id, ports::Transport outcome = ports::Transport::ok, std::string detail = "") {
    auto* sink = sink_of(id);
    if (sink == nullptr) return;
    exchanges[id - 1].open = false;
    sink->on_end({outcome, std::move(detail), false});
  }
  void answer(ports::ExchangeId id, std::uint16_t code, std::string_view text,
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    head(id, code, std::move(headers));
    if (body(id, text)) end(id);
  }

  std::vector<Exchange> exchanges;
  int credential_reloads = 0;

 private:
  ports::HttpSink* sink_of(ports::ExchangeId id) {
    if (id == 0 || id > exchanges.size() || !exchanges[id - 1].open) return nullptr;
    return exchanges[id - 1].sink;
  }
};

}  // namespace outrigger::test

// Time, latency and faults between one agent incarnation and the SimServer: the Http port of the simulation.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/ports/http.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/sim_sink.h"
#include "tests/support/manual_entropy.h"
#include "tests/support/manual_timers.h"

namespace outrigger::sim {

// Chances in per mille of one request. All faults end when `quiet` is set.
struct NetworkFaults {
  std::uint32_t refused = 0;          // no connection
  std::uint32_t lost_request = 0;     // never arrives; the client sees a reset or a time-out
  std::uint32_t lost_reply = 0;       // applied; the client sees a reset or a time-out
  std::uint32_t late = 0;             // the client sees a reset; the server applies it up to 20 s later
  std::uint32_t throttled = 0;        // 429, half of them without a Status body
  std::uint32_t server_error = 0;     // 500 or 504, applied or not
  std::uint32_t webhook = 0;          // 500 "failed calling webhook", not applied
  std::uint32_t slow = 0;             // an answer that takes seconds
  std::uint32_t watch_drop = 0;       // per delivery: the connection ends, cleanly or not
  std::uint32_t watch_duplicate = 0;  // per delivery: the last event comes again
  std::uint32_t watch_stall = 0;      // per delivery: seconds late
  bool quiet = false;
};

class SimNetwork {
 public:
  SimNetwork(SimServer& the_server, test::ManualTimers& the_timers, test::ManualClock& the_clock,
             test::ManualEntropy& the_random)
      : server(the_server), timers(the_timers), clock(the_clock), random(the_random) {}

  // New events may wait for the open watches.
  void notify();
  // Ends every watch, as a restart of the server does.
  void drop_watches();

  bool hit(std::uint32_t per_mille) { return !faults.quiet && random.below(1000) < per_mille; }
  core::Nanos latency();

  SimServer& server;
  test::ManualTimers& timers;
  test::ManualClock& clock;
  test::ManualEntropy& random;
  NetworkFaults faults;
  std::uint64_t uncertain_creates = 0;  // POSTs whose outcome the agent could not know from the answer
  bool down = false;                    // nobody listens
  bool watch_list = false;              // sendInitialEvents is understood
  std::function<void(const std::string&)> trace;

 private:
  friend class SimHttp;
  class SimHttp* http_ = nullptr;  // the living incarnation's
};

class SimHttp final : public ports::Http {
 public:
  SimHttp(SimNetwork& network, CrashPoint& crash);
  ~SimHttp() override;  // a crash: no callback ever comes; what is on the wire may still arrive

  ports::ExchangeId start(ports::Lane lane, kube::Request request, ports::HttpSink& sink) override;
  void cancel(ports::ExchangeId id) override;
  void reload_credentials() override {}

  std::size_t open() const { return exchanges_.size(); }
  void pump_watches();
  void drop_watches();

 private:
  struct Exchange {
    kube::Request request;
    ports::HttpSink* sink = nullptr;
    bool watch = false, streaming = false, pumping = false;
    std::uint64_t delivered = 0;  // version of the last event sent
    std::string selector;
    std::string last_frame;
  };
  void after(core::Nanos delay, std::function<void()> run);  // dies with this incarnation
  void reply(ports::ExchangeId id, Answer answer);
  void send(ports::ExchangeId id, const std::string& bytes);  // in random pieces
  void end(ports::ExchangeId id, ports::Transport outcome, const std::string& detail);
  void open_watch(ports::ExchangeId id);
  void pump(ports::ExchangeId id);
  void bookmark(ports::ExchangeId id);

  SimNetwork& net_;
  CrashPoint& crash_;
  std::map<ports::ExchangeId, Exchange> exchanges_;
  ports::ExchangeId last_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace outrigger::sim

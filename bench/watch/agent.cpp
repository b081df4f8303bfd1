#include <cstdio>
#include <cstdlib>

#include "agent/flow/agent.h"
#include "agent/io/asio_loop.h"
#include "agent/io/channel.h"
#include "agent/io/curl_http.h"
#include "agent/io/entropy.h"
#include "agent/io/spdlog_log.h"
#include "agent/metrics/catalog.h"
#include "bench/watch/contestants.h"

namespace outrigger::bench {

void run_agent(const std::string& url, const std::string& run_dir, std::uint32_t capacity) {
  metrics::Catalog metrics;
  io::SpdlogLog log({.level = config::Log::Level::error});
  io::AsioLoop loop(&metrics);
  io::SystemEntropy entropy;
  config::Cluster cluster;
  cluster.server = url;
  cluster.name_space = "spark";
  auto http = io::CurlHttp::open(loop, {.cluster = cluster}, &log, &metrics);
  auto channel =
      io::Channel::open(loop, {.run_dir = run_dir, .lock_dir = run_dir, .capacity = capacity}, log, &metrics);
  if (!http || !channel) {
    std::fprintf(stderr, "bench_watch: %s\n", (http ? channel.error() : http.error()).text.c_str());
    std::exit(1);
  }
  flow::Options options;
  options.name_space = "spark";
  options.application_id = "spark-bench";
  // No driver says hello here, so the events carry no nonce: a pod with one is shown to its own driver only.
  flow::Agent agent(
      options, {**http, loop, loop, entropy, (*channel)->sink(), (*channel)->commands(), log, &metrics}, {});
  agent.start();
  (*channel)->start([] { std::exit(1); }, [](const std::string&) { std::exit(1); });
  loop.run();
}

}  // namespace outrigger::bench

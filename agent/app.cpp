#include "agent/app.h"

#include <utility>

#include "agent/flow/agent.h"
#include "agent/io/admin_http.h"
#include "agent/io/asio_loop.h"
#include "agent/io/channel.h"
#include "agent/io/curl_http.h"
#include "agent/io/entropy.h"
#include "agent/io/gateway_http.h"
#include "agent/io/process_stats.h"
#include "agent/io/signals.h"
#include "agent/io/spdlog_log.h"
#include "agent/metrics/catalog.h"

namespace outrigger {
namespace {

flow::Options flow_options(const config::Config& config, const config::Cluster& cluster) {
  flow::Options options;
  options.name_space =
      config.application.name_space.empty() ? cluster.name_space : config.application.name_space;
  options.application_id = config.application.id;
  options.driver_pod_name = config.application.driver_pod_name;
  options.driver_pod_uid = config.application.driver_pod_uid;
  options.container_name = config.application.container;
  options.policy = config.policy;
  options.policy.name_space = options.name_space;
  options.start = {.server = cluster.server,
                   .authorities = config::describe_authorities(cluster),
                   .account = config::describe_account(cluster),
                   .source = cluster.source};
  options.start_bound = config.server.start_bound;
  options.start_mode = config.watch.start == config::Watch::Start::watch_list ? kube::StartMode::watch_list
                                                                              : kube::StartMode::list;
  options.watch_timeout_bound = std::chrono::duration_cast<std::chrono::seconds>(config.watch.timeout_bound);
  options.page_pods = config.watch.page_pods;
  options.contact_bound = config.watch.contact_bound;
  options.write_deadline = config.writes.deadline;
  options.initial_creates_in_flight = config.writes.concurrency;
  if (!config.gateway.listen.empty()) options.config_map_wait = config.gateway.config_map_wait;
  return options;
}

io::HealthChecks health_checks(const flow::Agent& agent) {
  const auto one = [&agent](std::string name, bool flow::HealthReport::* all) {
    return io::NamedCheck{std::move(name), [&agent, all] {
                            const flow::HealthReport report = agent.health();
                            std::string detail;
                            for (const flow::HealthCheck& check : report.checks) {
                              if (!check.ok)
                                detail += (detail.empty() ? "" : "; ") + std::string(check.name) + ": " +
                                          check.detail;
                            }
                            return io::HealthVerdict{report.*all, detail};
                          }};
  };
  io::HealthChecks checks;
  checks.startup.push_back(one("synced", &flow::HealthReport::started));
  checks.live.push_back(one("loop", &flow::HealthReport::live));
  checks.ready.push_back(one("synced", &flow::HealthReport::started));
  checks.ready.push_back(one("contact", &flow::HealthReport::ready));
  return checks;
}

}  // namespace

// Declared in the order of construction: what is below uses what is above.
struct App::Parts {
  Parts(config::Config config_in, config::Cluster cluster_in, const Build& build)
      : config(std::move(config_in)),
        cluster(std::move(cluster_in)),
        metrics({.version = build.version,
                 .revision = build.revision,
                 .compiler = build.compiler,
                 .host = cluster.host()}),
        log({.level = config.log.level, .format = config.log.format}, &metrics),
        loop(&metrics) {}

  Status open(const Build& build);
  Status open_gateway();
  void start();
  void drain(const std::string& why);
  void end(int code);
  void refuse(const std::string& line) {
    refusal = line;
    end(exit_code::refused);
  }

  config::Config config;
  config::Cluster cluster;
  metrics::Catalog metrics;
  io::SpdlogLog log;
  io::AsioLoop loop;
  io::SystemEntropy entropy;
  std::unique_ptr<io::CurlHttp> http;
  std::unique_ptr<io::Channel> channel;
  std::unique_ptr<flow::Agent> agent;
  std::unique_ptr<io::AdminHttp> admin;
  std::unique_ptr<io::GatewayHttp> gateway;
  std::unique_ptr<io::Signals> signals;
  bool draining = false;
  int code_of_exit = exit_code::drained;
  std::string refusal;  // one line; the code is exit_code::refused then
};

Status App::Parts::open(const Build& build) {
  auto made_http = io::CurlHttp::open(loop,
                                      {.cluster = cluster,
                                       .server = config.server,
                                       .user_agent = io::user_agent("outrigger-agent", build.version),
                                       .write_connections = config.writes.concurrency_max},
                                      &log, &metrics);
  if (!made_http) return fail(made_http.error().text);
  http = std::move(*made_http);

  io::ChannelOptions channel_options{.run_dir = config.channel.run_dir,
                                     .lock_dir = config.channel.lock_dir,
                                     .capacity = config.channel.capacity,
                                     .private_files = config.application.client_mode()};
  // The driver will tell whose pods these are, and finds no door before the table is shown.
  if (config.application.id.empty()) channel_options.publish_deadline = core::Millis(0);
  auto made_channel = io::Channel::open(loop, std::move(channel_options), log, &metrics);
  if (!made_channel) return fail(made_channel.error().text);
  channel = std::move(*made_channel);

  agent = std::make_unique<flow::Agent>(
      flow_options(config, cluster),
      flow::Ports{*http, loop, loop, entropy, channel->sink(), channel->commands(), log, &metrics},
      channel->crashed());
  if (!config.admin.listen.empty()) {
    auto made_admin = io::AdminHttp::open(loop, {.listen = config.admin.listen}, health_checks(*agent),
                                          [this] { return metrics.render(); });
    if (!made_admin) return fail(made_admin.error().text);
    admin = std::move(*made_admin);
  }
  return config.gateway.listen.empty() ? Status{} : open_gateway();
}

Status App::Parts::open_gateway() {
  auto secret = io::load_or_make_secret(config.gateway_token_file(), !config.application.client_mode());
  if (!secret) return fail(secret.error().text);
  auto made = io::GatewayHttp::open(
      loop, {.listen = config.gateway.listen, .secret = std::move(*secret)},
      [this](io::HttpQuestion asked, io::HttpServer::Answer answer) {
        agent->serve({std::move(asked.method), std::move(asked.target), std::move(asked.content_type),
                      std::move(asked.body)},
                     [answer = std::move(answer)](flow::GatewayAnswer given) {
                       io::HttpReply reply{given.code, std::move(given.content_type), std::move(given.body)};
                       if (!given.retry_after.empty())
                         reply.headers.emplace_back("Retry-After", std::move(given.retry_after));
                       answer(std::move(reply));
                     });
      });
  if (!made) return fail(made.error().text);
  gateway = std::move(*made);
  return {};
}

void App::Parts::start() {
  metrics.before_render([this] {
    if (const auto stats = io::read_process_stats()) io::show(*stats, metrics.process);
  });
  signals = std::make_unique<io::Signals>(
      loop, [this](int) { drain("signal"); }, [this](int) { end(exit_code::interrupted); });
  agent->start([this](const std::string& line) { refuse(line); });
  channel->start(
      [this] {
        log.error("a newer agent has taken the run directory; this one writes nothing more and ends",
                  {{"runDir", config.channel.run_dir}});
        end(exit_code::replaced);
      },
      [this](const std::string& why) { refuse("the driver's door can't be opened: " + why); });
  std::string admin_port = admin ? std::to_string(admin->port()) : "none";
  std::string gateway_port = gateway ? std::to_string(gateway->port()) : "none";
  log.info("outrigger-agent started", {{"cluster", config::describe(cluster)},
                                       {"application", config.application.id},
                                       {"runDir", config.channel.run_dir},
                                       {"adminPort", admin_port},
                                       {"gatewayPort", gateway_port}});
}

void App::Parts::end(int code) {
  code_of_exit = code;
  loop.stop();
}

void App::Parts::drain(const std::string& why) {
  if (draining) return;
  draining = true;
  log.info("draining", {{"why", why}});
  agent->drain(config.drain_deadline(), [this](const flow::DrainEnd& result) {
    log.info("drained", {{"complete", result.complete ? "true" : "false"}, {"left", result.detail}});
    end(result.complete ? exit_code::drained : exit_code::incomplete);
  });
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::build(config::Config config, config::Cluster cluster, const Build& build) {
  auto parts = std::make_unique<Parts>(std::move(config), std::move(cluster), build);
  if (auto opened = parts->open(build); !opened) return fail(opened.error().text);
  return std::unique_ptr<App>(new App(std::move(parts)));
}

Result<int> App::run() {
  parts_->start();
  parts_->loop.run();
  parts_->log.info("outrigger-agent ends", {{"exitCode", std::to_string(parts_->code_of_exit)}});
  if (parts_->code_of_exit == exit_code::refused) return fail(parts_->refusal);
  return parts_->code_of_exit;
}

}  // namespace outrigger

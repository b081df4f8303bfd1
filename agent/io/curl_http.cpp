#include "agent/io/curl_http.h"

#include <curl/curl.h>

#include <chrono>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/io/asio_loop.h"
#include "agent/io/credentials.h"
#include "agent/io/curl_exchange.h"
#include "agent/io/curl_lane.h"
#include "agent/metrics/catalog.h"

namespace outrigger::io {
namespace {

constexpr std::size_t spare_handles = 64;
constexpr std::size_t delivery_bytes = 64u << 10;  // of a backlog, in one piece
constexpr long streams_per_connection = 100;       // kube-apiserver's own default

CURL* new_handle() {
  CURL* easy = curl_easy_init();
  if (easy == nullptr) throw std::runtime_error("curl_easy_init: out of memory");
  return easy;
}

LaneOptions lane_options(ports::Lane lane, const HttpOptions& o) {
  if (lane == ports::Lane::watch) return {1, 1, 0, o.turn_bytes};
  const auto connections = static_cast<long>(o.write_connections);
  return {connections, connections, o.server.http2 ? streams_per_connection : 0, o.turn_bytes};
}

}  // namespace

std::string user_agent(const std::string& program, const std::string& version) {
#if defined(__x86_64__)
  return program + "/" + version + " (linux/amd64)";
#elif defined(__aarch64__)
  return program + "/" + version + " (linux/arm64)";
#else
  return program + "/" + version + " (linux/unknown)";
#endif
}

struct CurlHttp::Impl {
  AsioLoop& loop;
  HttpOptions options;
  Credentials credentials;
  metrics::Catalog* metrics;
  std::unordered_map<ports::ExchangeId, std::unique_ptr<CurlExchange>> exchanges;
  std::vector<CURL*> spares;
  ports::ExchangeId last_id = 0;
  bool writes_over_http2 = false;
  CurlLane watch, write;

  Impl(AsioLoop& l, HttpOptions o, Credentials c, metrics::Catalog* m)
      : loop(l),
        options(std::move(o)),
        credentials(std::move(c)),
        metrics(m),
        watch(l, lane_options(ports::Lane::watch, options), owner_of(watch)),
        write(l, lane_options(ports::Lane::write, options), owner_of(write)) {}

  CurlLane::Owner owner_of(CurlLane& lane) {
    return {[this](void* easy, int code) { done(easy, code); },
            [this, &lane](std::uint64_t id) { return catch_up(lane, id); }};
  }

  ~Impl() {
    for (auto& [unused, exchange] : exchanges) {
      lane_of(*exchange).remove(exchange->easy());
      curl_easy_cleanup(exchange->release());
    }
    for (CURL* easy : spares) curl_easy_cleanup(easy);
  }

  CurlLane& lane_of(const CurlExchange& exchange) {
    return exchange.lane() == ports::Lane::watch ? watch : write;
  }

  void launch(CurlExchange& exchange) {
    CURL* easy = nullptr;
    if (spares.empty()) {
      easy = new_handle();
    } else {
      easy = spares.back();
      spares.pop_back();
    }
    exchange.prepare(easy, lane_of(exchange),
                     {options.cluster, options.server, credentials, options.user_agent});
    auto& lane = lane_of(exchange);
    if (!lane.inside()) return lane.add(easy);
    lane.defer([this, id = exchange.id()] {
      const auto found = exchanges.find(id);
      if (found != exchanges.end()) lane_of(*found->second).add(found->second->easy());
    });
  }

  void drop(ports::ExchangeId id) {
    const auto found = exchanges.find(id);
    if (found == exchanges.end()) return;
    lane_of(*found->second).remove(found->second->easy());
    retire(std::move(exchanges.extract(found).mapped()));
  }

  void retire(std::unique_ptr<CurlExchange> exchange) {
    CURL* easy = exchange->release();
    exchange.reset();
    if (spares.size() >= spare_handles) return curl_easy_cleanup(easy);
    curl_easy_reset(easy);
    spares.push_back(easy);
  }

  void done(void* easy, int code) {
    void* self = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    auto& exchange = *static_cast<CurlExchange*>(self);
    if (exchange.sink() != nullptr && !exchange.backlog().empty())
      exchange.finished = code;  // its last bytes are delivered first
    else
      finish(exchange.id(), code);
  }

  void finish(ports::ExchangeId id, int code) {
    auto exchange = std::move(exchanges.extract(id).mapped());
    const auto end = exchange->end(code);
    measure(*exchange, end);
    if (exchange->lane() == ports::Lane::write && exchange->code() != 0) learn(exchange->over_http2());
    auto* sink = exchange->sink();
    retire(std::move(exchange));
    if (sink != nullptr) sink->on_end(end);
  }

  // What does not fit the streams of the connections there are would get one of its own each, although libcurl is told
  // to wait (PIPEWAIT): so their number is bounded once the server is known to speak HTTP/2.
  void learn(bool http2) {
    if (std::exchange(writes_over_http2, http2) == http2) return;
    const auto streams = static_cast<long>(options.write_connections);
    write.limit_connections(http2 ? (streams + streams_per_connection - 1) / streams_per_connection
                                  : streams);
  }

  // True: some is left. The sink may cancel this exchange, or any other, while it is told.
  bool catch_up(CurlLane& lane, ports::ExchangeId id) {
    auto found = exchanges.find(id);
    if (found == exchanges.end()) return false;
    const std::string held = std::exchange(found->second->backlog(), {});
    std::size_t told = 0;
    while (told < held.size()) {
      const auto chunk = std::string_view(held).substr(told, delivery_bytes);
      if (!lane.deliver(chunk.size())) break;
      told += chunk.size();
      const bool go_on = found->second->sink()->on_body(chunk);
      found = exchanges.find(id);
      if (found == exchanges.end()) return false;
      if (!go_on) return stop(*found->second), false;
    }
    found->second->backlog().assign(held, told);
    if (told < held.size()) return true;
    if (const auto code = found->second->finished) finish(id, *code);
    return false;
  }

  void stop(CurlExchange& exchange) {
    lane_of(exchange).remove(exchange.easy());
    exchange.stop();
    finish(exchange.id(), CURLE_ABORTED_BY_CALLBACK);
  }

  void measure(const CurlExchange& exchange, const ports::TransportEnd& end) const {
    if (metrics == nullptr) return;
    const auto method = kube::http_method(exchange.request().verb);
    const bool answered = exchange.code() != 0 && (end.outcome == ports::Transport::ok ||
                                                   exchange.request().verb == kube::Verb::watch);
    metrics->rest_client.request(method, answered ? exchange.code() : 0);
    const bool watch_lane = exchange.lane() == ports::Lane::watch;
    metrics->rest_client.reconnects.at(watch_lane ? "watch" : "write")
        .add(static_cast<double>(exchange.connections_made()));
    if (exchange.request().verb != kube::Verb::watch)
      metrics->rest_client.duration(method,
                                    std::chrono::duration<double>(loop.now() - exchange.began).count());
  }
};

CurlHttp::CurlHttp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlHttp::~CurlHttp() = default;

Result<std::unique_ptr<CurlHttp>> CurlHttp::open(AsioLoop& loop, HttpOptions options, ports::Log* log,
                                                 metrics::Catalog* metrics) {
  static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!initialised) return fail("libcurl could not be initialised");
  auto credentials = Credentials::open({options.cluster, options.server.credentials_period, log, metrics});
  if (!credentials) return fail(credentials.error().text);
  return std::unique_ptr<CurlHttp>(
      new CurlHttp(std::make_unique<Impl>(loop, std::move(options), std::move(*credentials), metrics)));
}

ports::ExchangeId CurlHttp::start(ports::Lane lane, kube::Request request, ports::HttpSink& sink) {
  const auto id = ++impl_->last_id;
  impl_->credentials.refresh(impl_->loop.now());
  auto exchange = std::make_unique<CurlExchange>(id, lane, std::move(request), sink);
  exchange->began = impl_->loop.now();
  if (lane == ports::Lane::watch && impl_->metrics != nullptr) exchange->bytes = impl_->metrics->watch.bytes;
  auto& kept = *impl_->exchanges.emplace(id, std::move(exchange)).first->second;
  impl_->launch(kept);
  return id;
}

void CurlHttp::cancel(ports::ExchangeId id) {
  const auto found = impl_->exchanges.find(id);
  if (found == impl_->exchanges.end()) return;
  found->second->cancel();
  auto& lane = impl_->lane_of(*found->second);
  if (lane.inside())
    lane.defer([impl = impl_.get(), id] { impl->drop(id); });
  else
    impl_->drop(id);
}

void CurlHttp::reload_credentials() {
  impl_->credentials.reload();
}
std::size_t CurlHttp::open_exchanges() const {
  return impl_->exchanges.size();
}

}  // namespace outrigger::io

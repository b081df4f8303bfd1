#include "agent/io/curl_exchange.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "agent/config/server_url.h"
#include "agent/core/limits.h"
#include "agent/io/credentials.h"
#include "agent/io/curl_errors.h"
#include "agent/io/curl_lane.h"

namespace outrigger::io {
namespace {

static_assert(CURL_ERROR_SIZE == 256);

// The blob's bytes are borrowed: libcurl looks at them only while it connects, and the exchange lives longer, but the
// credentials may be replaced meanwhile. So it copies.
void set_blob(CURL* easy, CURLoption option, const std::string& text) {
  if (text.empty()) return;
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  curl_easy_setopt(easy, option, &blob);
}

long as_long(core::Millis time) {
  return static_cast<long>(
      std::clamp<std::int64_t>(time.count(), 1, std::numeric_limits<std::int32_t>::max()));
}
long whole_seconds(core::Millis time) {
  return std::max(1L, as_long(time) / 1000);
}

bool is_read(kube::Verb verb) {
  return verb == kube::Verb::get || verb == kube::Verb::list || verb == kube::Verb::watch;
}

std::size_t limit_of(kube::Verb verb) {
  switch (verb) {
    case kube::Verb::watch:              // an endless stream; its frames are bounded
    case kube::Verb::remove_collection:  // whose caller keeps no more than it can use
      return std::numeric_limits<std::size_t>::max();
    case kube::Verb::list:
      return core::limits::list_page_bytes;
    default:
      return core::limits::answer_bytes;
  }
}

}  // namespace

CurlExchange::CurlExchange(ports::ExchangeId id, ports::Lane lane, kube::Request request,
                           ports::HttpSink& sink)
    : id_(id),
      lane_(lane),
      request_(std::move(request)),
      sink_(&sink),
      body_limit_(limit_of(request_.verb)) {}

CurlExchange::~CurlExchange() {
  curl_slist_free_all(static_cast<curl_slist*>(headers_));
  curl_slist_free_all(static_cast<curl_slist*>(connect_to_));
}

void* CurlExchange::release() {
  return std::exchange(easy_, nullptr);
}

void CurlExchange::prepare(void* easy, CurlLane& lane, const Setup& setup) {
  easy_ = easy;
  owner_ = &lane;
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &CurlExchange::on_before_request);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  set_connection(setup);
  set_tls(setup);
  set_request(setup);
}

void CurlExchange::set_connection(const Setup& setup) {
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_PROXY,
                   setup.cluster.proxy_url.c_str());  // empty: none, whatever the environment says
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, as_long(setup.server.connect_timeout));
  if (request_.deadline.count() > 0) curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, as_long(request_.deadline));
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, whole_seconds(setup.server.keepalive_idle));
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, whole_seconds(setup.server.keepalive_interval));
  stall_ms_ = static_cast<unsigned>(as_long(setup.server.stall_timeout));
  curl_easy_setopt(easy_, CURLOPT_SOCKOPTFUNCTION, &CurlExchange::on_socket);
  curl_easy_setopt(easy_, CURLOPT_SOCKOPTDATA, this);
  // No CURLOPT_BUFFERSIZE: the default is one TLS record. libcurl 7.88 keeps the buffer of a handle whose HTTP/2 connection
  // others still use, curl_easy_reset() forgets its size, and a smaller one is then written past its end.
  const bool multiplex = lane_ == ports::Lane::write && setup.server.http2;
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, multiplex ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
  if (multiplex) curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, 1L);
}

void CurlExchange::set_tls(const Setup& setup) {
  const auto& credentials = setup.credentials;
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, setup.cluster.insecure ? 0L : 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, setup.cluster.insecure ? 0L : 2L);
  // As a blob the authorities are part of what a kept connection is matched by, and bypass libcurl's cache of 24 h: a
  // new file makes new connections. The cache is left to the system's authorities, and shortened.
  set_blob(easy_, CURLOPT_CAINFO_BLOB, credentials.ca());
  curl_easy_setopt(easy_, CURLOPT_CA_CACHE_TIMEOUT, 300L);
  set_blob(easy_, CURLOPT_SSLCERT_BLOB, credentials.certificate());
  set_blob(easy_, CURLOPT_SSLKEY_BLOB, credentials.key());
}

// tls-server-name: libcurl has no such option, so the URL names it and CONNECT_TO leads to the server.
void CurlExchange::set_request(const Setup& setup) {
  std::string base = setup.cluster.server;
  if (!setup.cluster.tls_server_name.empty()) {
    const auto url = config::parse_server_url(base).value();  // it was written by this parser
    base = url.scheme + "://" + setup.cluster.tls_server_name + ":" + url.port + url.path;
    const auto to = setup.cluster.tls_server_name + ":" + url.port + ":" + url.host + ":" + url.port;
    connect_to_ = curl_slist_append(nullptr, to.c_str());
    curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
    add_header("Host: " + url.host + ":" + url.port);
  }
  curl_easy_setopt(easy_, CURLOPT_URL, (base + request_.target).c_str());
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, setup.user_agent.c_str());
  add_header(request_.accept.empty() ? "Accept: application/json" : "Accept: " + request_.accept);
  if (!setup.credentials.token().empty()) add_header("Authorization: Bearer " + setup.credentials.token());

  const std::string method(kube::http_method(request_.verb));
  if (!is_read(request_.verb) && (!request_.body.empty() || method == "POST")) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());  // borrowed
    add_header("Content-Type: " +
               (request_.content_type.empty() ? "application/json" : request_.content_type));
    add_header("Expect:");
  }
  if (method != "GET" && method != "POST") curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
}

void CurlExchange::add_header(const std::string& line) {
  headers_ = curl_slist_append(static_cast<curl_slist*>(headers_), line.c_str());
}

int CurlExchange::on_socket(void* self, int socket, int) {
  const unsigned ms = static_cast<CurlExchange*>(self)->stall_ms_;
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));  // a lack of it costs only lateness
  return CURL_SOCKOPT_OK;
}

// libcurl sends a request again by itself when a kept connection dies before the answer, writes included. One that may
// have reached the server must not go out twice without anybody knowing.
int CurlExchange::on_before_request(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  ++exchange.sendings_;
  return exchange.sendings_ > 1 && !is_read(exchange.request_.verb) ? CURL_PREREQFUNC_ABORT
                                                                    : CURL_PREREQFUNC_OK;
}

std::size_t CurlExchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<CurlExchange*>(self)->header_line({data, size * count});
  return size * count;
}

void CurlExchange::header_line(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (head_told_) return;  // trailers
  if (line.starts_with("HTTP/")) {
    head_ = {};
    const auto blank = line.find(' ');
    for (std::size_t i = blank + 1; blank != line.npos && i < line.size() && line[i] >= '0' && line[i] <= '9';
         ++i)
      head_.code = static_cast<std::uint16_t>(head_.code * 10 + (line[i] - '0'));
    return;
  }
  if (line.empty()) {
    if (head_.code < 200) return;  // 1xx: the real one follows
    head_told_ = true;
    if (sink_ != nullptr) sink_->on_head(head_);
    return;
  }
  const auto colon = line.find(':');
  if (colon == line.npos) return;
  std::string name(line.substr(0, colon));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  auto value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  head_.headers.emplace_back(std::move(name), std::string(value));
}

std::size_t CurlExchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  return exchange.body({data, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
}

bool CurlExchange::body(std::string_view chunk) {
  if (sink_ == nullptr) return false;
  received_ += chunk.size();
  bytes.add(static_cast<double>(chunk.size()));
  if (received_ > body_limit_) {
    over_limit_ = true;
    return false;
  }
  if (!backlog_.empty() || !owner_->deliver(chunk.size())) {
    if (backlog_.empty()) owner_->fell_behind(id_);
    backlog_.append(chunk);
    return true;
  }
  if (sink_->on_body(chunk)) return true;
  stopped_ = true;
  return false;
}

// libcurl 7.88 says "Couldn't connect to server" for a closed port, a missing route and a full table alike.
void CurlExchange::name_reason(std::string& detail) const {
  constexpr std::string_view vague = "Couldn't connect to server";
  long os_error = 0;
  curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
  const auto at = detail.find(vague);
  if (os_error != 0 && at != std::string::npos)
    detail.replace(at, vague.size(), std::strerror(static_cast<int>(os_error)));
}

ports::TransportEnd CurlExchange::end(int code) const {
  auto end = transport_end({code, sendings_ > 0, error_text_.data()});
  if (sendings_ > 1 && !is_read(request_.verb)) {
    end.outcome = ports::Transport::interrupted;
    end.detail = "the connection died before the answer; not sent again";
  }
  if (code == CURLE_COULDNT_CONNECT) name_reason(end.detail);
  if (over_limit_) end.detail = "the answer is larger than " + std::to_string(body_limit_) + " bytes";
  if (stopped_) end.detail = "stopped by the receiver";
  return end;
}

long CurlExchange::connections_made() const {
  long made = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &made);
  return made;
}

bool CurlExchange::over_http2() const {
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  return version == CURL_HTTP_VERSION_2_0;
}

}  // namespace outrigger::io

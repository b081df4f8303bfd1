#include "agent/io/curl_lane.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "agent/io/asio_loop.h"

namespace outrigger::io {

struct CurlLane::Impl : std::enable_shared_from_this<CurlLane::Impl> {
  AsioLoop& loop;
  LaneOptions options;
  Owner owner;
  CURLM* multi = nullptr;
  boost::asio::posix::stream_descriptor sockets;
  ports::TimerId timer = 0;
  bool inside = false;
  bool closed = false;
  bool armed = false, continuing = false;
  bool timer_due = false;
  std::size_t budget = 0;
  std::vector<std::uint64_t> behind;  // exchanges with a backlog, oldest first
  std::vector<std::function<void()>> deferred;

  Impl(AsioLoop& l, const LaneOptions& o, Owner w)
      : loop(l), options(o), owner(std::move(w)), sockets(l.context()) {}

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
    auto& lane = *static_cast<Impl*>(self);
    const int set = lane.sockets.native_handle();
    if (what == CURL_POLL_REMOVE) {
      ::epoll_ctl(set, EPOLL_CTL_DEL, socket, nullptr);
      curl_multi_assign(lane.multi, socket, nullptr);
      return 0;
    }
    epoll_event event{};
    event.data.fd = socket;
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    // A descriptor number may come back for a new socket: what is right is what the kernel knows.
    if (::epoll_ctl(set, known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
      ::epoll_ctl(set, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    curl_multi_assign(lane.multi, socket, self);
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* self) {
    auto& lane = *static_cast<Impl*>(self);
    lane.loop.cancel(std::exchange(lane.timer, 0));
    if (timeout_ms >= 0)
      lane.timer = lane.loop.start(core::Millis(timeout_ms), [&lane] {
        lane.timer = 0;
        lane.timer_due = true;
        const auto keep = lane.shared_from_this();
        if (!lane.continuing) lane.turn();
      });
    return 0;
  }

  // Asked as late as it can be: the next thing may be a request on its way.
  void act(curl_socket_t socket, int bits) {
    if (!loop.may_act()) return;
    int running = 0;
    inside = true;
    curl_multi_socket_action(multi, socket, bits, &running);
    inside = false;
    while (!deferred.empty()) {
      auto work = std::exchange(deferred, {});
      for (auto& one : work) one();
    }
  }

  void reap() {
    int left = 0;
    while (!closed && loop.may_act()) {
      CURLMsg* message = curl_multi_info_read(multi, &left);
      if (message == nullptr) return;
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const int code = message->data.result;
      curl_multi_remove_handle(multi, easy);
      owner.done(easy, code);
    }
  }

  void arm() {
    if (std::exchange(armed, true)) return;
    sockets.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (error || self->closed) return;
                         self->armed = false;
                         AsioLoop::Turn turn(self->loop);
                         if (!self->continuing) self->turn();
                       });
  }

  // Until nothing is ready or the turn's share is delivered; what is left is still ready next turn. While an exchange
  // is behind, neither sockets nor timers are looked at.
  void turn() {
    budget = options.turn_bytes;
    if (catch_up() && std::exchange(timer_due, false)) act(CURL_SOCKET_TIMEOUT, 0);
    std::array<epoll_event, 64> events{};
    while (!closed && budget > 0 && behind.empty() && loop.may_act()) {
      const int n = ::epoll_wait(sockets.native_handle(), events.data(), static_cast<int>(events.size()), 0);
      if (n <= 0) break;
      for (int i = 0; i < n && !closed && budget > 0 && behind.empty(); ++i)
        act(events[static_cast<std::size_t>(i)]);
      reap();
    }
    reap();
    if (closed || !loop.may_act()) return;
    if (behind.empty() && !timer_due) return arm();
    continuing = true;
    loop.post([self = shared_from_this()] {
      self->continuing = false;
      if (!self->closed) self->turn();
    });
  }

  void act(const epoll_event& event) {
    int bits = 0;
    if ((event.events & (EPOLLIN | EPOLLHUP)) != 0) bits |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) bits |= CURL_CSELECT_OUT;
    if ((event.events & EPOLLERR) != 0) bits |= CURL_CSELECT_ERR;
    act(event.data.fd, bits);
  }

  // True: nobody is behind any more.
  bool catch_up() {
    while (!closed && !behind.empty()) {
      if (owner.catch_up(behind.front())) return false;
      if (!closed) behind.erase(behind.begin());
    }
    return !closed;
  }
};

CurlLane::CurlLane(AsioLoop& loop, const LaneOptions& options, Owner owner)
    : impl_(std::make_shared<Impl>(loop, options, std::move(owner))) {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw std::runtime_error("epoll_create1: no descriptor left");
  impl_->sockets.assign(set);
  impl_->multi = curl_multi_init();
  if (impl_->multi == nullptr) throw std::runtime_error("curl_multi_init: out of memory");
  curl_multi_setopt(impl_->multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
  curl_multi_setopt(impl_->multi, CURLMOPT_SOCKETDATA, impl_.get());
  curl_multi_setopt(impl_->multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
  curl_multi_setopt(impl_->multi, CURLMOPT_TIMERDATA, impl_.get());
  curl_multi_setopt(impl_->multi, CURLMOPT_MAX_HOST_CONNECTIONS, options.host_connections);
  curl_multi_setopt(impl_->multi, CURLMOPT_MAXCONNECTS, options.kept_connections);
  curl_multi_setopt(impl_->multi, CURLMOPT_PIPELINING,
                    options.streams > 0 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
  if (options.streams > 0) curl_multi_setopt(impl_->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, options.streams);
  impl_->arm();
}

CurlLane::~CurlLane() {
  impl_->closed = true;
  curl_multi_cleanup(impl_->multi);
  impl_->loop.cancel(impl_->timer);
  boost::system::error_code ignored;
  impl_->sockets.close(ignored);
}

void CurlLane::add(void* easy) {
  curl_multi_add_handle(impl_->multi, easy);
}
void CurlLane::remove(void* easy) {
  curl_multi_remove_handle(impl_->multi, easy);
}
bool CurlLane::inside() const {
  return impl_->inside;
}
void CurlLane::limit_connections(long at_once) {
  curl_multi_setopt(impl_->multi, CURLMOPT_MAX_HOST_CONNECTIONS, at_once);
}
void CurlLane::defer(std::function<void()> work) {
  impl_->deferred.push_back(std::move(work));
}
bool CurlLane::deliver(std::size_t bytes) {
  if (impl_->budget == 0) return false;
  impl_->budget -= std::min(bytes, impl_->budget);
  return true;
}

void CurlLane::fell_behind(std::uint64_t exchange) {
  impl_->behind.push_back(exchange);
}

}  // namespace outrigger::io

#include "agent/io/signals.h"

#include <signal.h>

#include <boost/asio/signal_set.hpp>

#include "agent/io/asio_loop.h"

namespace outrigger::io {

struct Signals::Impl {
  AsioLoop& loop;
  boost::asio::signal_set set;
  std::function<void(int)> on_first, on_second;
  int seen = 0;

  void arm() {
    set.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      AsioLoop::Turn turn(loop);
      arm();
      if (++seen == 1)
        on_first(signal);
      else
        on_second(signal);
    });
  }
};

Signals::Signals(AsioLoop& loop, std::function<void(int)> on_first, std::function<void(int)> on_second)
    : impl_(new Impl{loop, {loop.context(), SIGTERM, SIGINT}, std::move(on_first), std::move(on_second)}) {
  ::signal(SIGPIPE, SIG_IGN);
  impl_->arm();
  // `outrigger-agent run` holds them back until we are here.
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGTERM);
  sigaddset(&held, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &held, nullptr);
}

Signals::~Signals() {
  boost::system::error_code ignored;
  impl_->set.cancel(ignored);
}

}  // namespace outrigger::io

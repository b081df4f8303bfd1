// The handle behind the C ABI and its exception firewall: nothing leaves a call but a code.
#pragma once
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "outrigger/shim.h"
#include "shim/channel.h"
#include "shim/session.h"

struct outrigger_session {
  outrigger_session(outrigger::shim::Session::Options options,
                    std::unique_ptr<outrigger::shim::Channel> the_channel)
      : channel(std::move(the_channel)), session(std::move(options), *channel) {}

  std::mutex mutex;  // guards everything below; never held while sleeping
  std::unique_ptr<outrigger::shim::Channel> channel;
  outrigger::shim::Session session;
  bool reading = false;  // a [reader] call is running
  outrigger_code last_code = OUTRIGGER_OK;
  std::string last_text;
};

namespace outrigger::shim {

using Lock = std::unique_lock<std::mutex>;

// One duty cycle of a thread that may connect: [reader] calls and open.
inline void step_and_connect(outrigger_session& handle, Lock& lock) {
  handle.session.step();
  const auto view = handle.session.wants_connection();
  if (!view) return;
  AttachFailure why_not;
  lock.unlock();
  auto link = handle.channel->connect(view, why_not);
  lock.lock();
  handle.session.connected(view, std::move(link), std::move(why_not));
  handle.session.send();
}

// The mutex is held.
inline outrigger_code failure(outrigger_session& handle, outrigger_code code, std::string text) {
  handle.last_code = code;
  handle.last_text = std::move(text);
  return code;
}

inline outrigger_code bad_argument(outrigger_session& handle, std::string text) {
  return failure(handle, OUTRIGGER_ERROR_ARGUMENT, std::move(text));
}

// Runs `body(handle, lock)`; whatever it throws becomes a code.
template <class Body>
outrigger_code guarded(outrigger_session* handle, Body&& body) noexcept {
  if (handle == nullptr) return OUTRIGGER_ERROR_ARGUMENT;
  try {
    Lock lock(handle->mutex);
    try {
      return body(*handle, lock);
    } catch (const std::bad_alloc&) {
      if (!lock.owns_lock()) lock.lock();
      return failure(*handle, OUTRIGGER_ERROR_MEMORY, "out of memory");
    } catch (const std::exception& error) {
      if (!lock.owns_lock()) lock.lock();
      return failure(*handle, OUTRIGGER_ERROR_INTERNAL, error.what());
    }
  } catch (...) {
    return OUTRIGGER_ERROR_INTERNAL;
  }
}

// The same for [reader] calls: one at a time.
template <class Body>
outrigger_code guarded_reader(outrigger_session* handle, Body&& body) noexcept {
  return guarded(handle, [&](outrigger_session& h, Lock& lock) {
    if (h.reading)
      return failure(h, OUTRIGGER_ERROR_BUSY, "another thread is inside a reader call of this session");
    h.reading = true;
    struct Reset {
      outrigger_session& h;
      Lock& lock;
      ~Reset() {
        if (!lock.owns_lock()) lock.lock();
        h.reading = false;
      }
    } reset{h, lock};
    return body(h, lock);
  });
}

}  // namespace outrigger::shim

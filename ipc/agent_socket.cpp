#include "ipc/agent_socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "ipc/socket_packets.h"

namespace outrigger::ipc {

struct AgentDoor::Impl {
  DoorOptions options;
  Fd epoll, listener;
  struct stat bound{};                                 // the socket file that is ours
  std::map<int, std::pair<Fd, std::int64_t>> pending;  // descriptor -> deadline of its hello
  Fd owner;
  std::unique_ptr<CommandQueue> queue;
  std::uint64_t next_epoch = 1;
  std::vector<DoorEvent> events;

  void watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
  }
  void refuse(int fd, Reason reason, const std::string& text) {
    send_answer(fd, make_answer(reason, text, options.generation, 0), -1);
    events.push_back({DoorEvent::Kind::refused, 0, text});
  }
  void accept_some(std::int64_t now_ns);
  void check_owner();
  void hear(int fd);
};

void AgentDoor::Impl::accept_some(std::int64_t now_ns) {
  for (std::uint32_t i = 0; i < 2 * limits::unanswered_connections;
       ++i) {  // the rest keeps the descriptor readable
    Fd fd(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    if (pending.size() >= limits::unanswered_connections) {
      refuse(fd.get(), Reason::refused, "too many connections that have not said hello");
      continue;
    }
    const int number = fd.get();
    watch(number);
    pending.emplace(number, std::make_pair(std::move(fd), now_ns + options.hello_deadline_ns));
  }
}

void AgentDoor::Impl::check_owner() {
  if (!owner) return;
  char byte = 0;
  const ssize_t got =
      recv(owner.get(), &byte, 1, MSG_DONTWAIT);  // not recvmsg: descriptors sent to us are dropped
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  owner.reset();
  events.push_back(
      {DoorEvent::Kind::gone, queue->epoch,
       got > 0 ? "the driver sent something after its hello" : "the driver closed the connection"});
}

void AgentDoor::Impl::hear(int fd) {
  char bytes[sizeof(HelloPacket) + 1];
  const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const auto node = pending.extract(fd);  // closes at the end, unless admitted
  Fd& held = node.mapped().first;
  if (got <= 0) {
    events.push_back({DoorEvent::Kind::refused, 0, "a connection closed before its hello"});
    return;
  }
  const auto hello = read_hello({bytes, static_cast<std::size_t>(got)});
  if (!hello) return refuse(fd, hello.failure().reason, hello.failure().text);
  if (hello.value().generation != options.generation) {
    return refuse(fd, Reason::retired, "the driver has mapped the state of another agent: map it again");
  }
  if (owner)
    return refuse(fd, Reason::refused,
                  "another driver owns the session, epoch " + std::to_string(queue->epoch));
  if (queue) return refuse(fd, Reason::refused, "the last session is still being closed");
  auto made = create_queue(options.generation, next_epoch);
  if (!made) return refuse(fd, made.reason(), made.failure().text);
  queue = std::make_unique<CommandQueue>(made.take());
  ++next_epoch;
  if (!send_answer(fd, make_answer(Reason::ok, "", options.generation, queue->epoch), queue->fd.get())) {
    queue.reset();
    events.push_back({DoorEvent::Kind::refused, 0, "a driver left before its answer"});
    return;
  }
  owner = std::move(held);  // still watched: epoll knows the descriptor
  events.push_back({DoorEvent::Kind::attached, queue->epoch, {}});
}

Outcome<AgentDoor> AgentDoor::open(const DoorOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->next_epoch = options.first_epoch;
  const auto address = socket_address(options.path);
  if (!address) return address.failure();
  struct stat there{};
  // What a dead agent left; the caller holds the lock that makes this ours to remove.
  if (lstat(options.path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) unlink(options.path.c_str());
  impl->epoll = Fd(epoll_create1(EPOLL_CLOEXEC));
  impl->listener = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!impl->epoll || !impl->listener) return system_failure("socket for " + options.path, errno);
  if (bind(impl->listener.get(), reinterpret_cast<const sockaddr*>(&address.value()), sizeof(sockaddr_un)) !=
      0) {
    return system_failure("can't bind " + options.path, errno, Reason::no_socket);
  }
  if (stat(options.path.c_str(), &impl->bound) != 0 || chmod(options.path.c_str(), options.mode) != 0 ||
      listen(impl->listener.get(), 4 * limits::unanswered_connections) != 0) {
    return system_failure("can't listen on " + options.path, errno, Reason::no_socket);
  }
  impl->watch(impl->listener.get());
  return AgentDoor(std::move(impl));
}

int AgentDoor::fd() const {
  return impl_->epoll.get();
}
std::size_t AgentDoor::unanswered() const {
  return impl_->pending.size();
}
const CommandQueue* AgentDoor::queue() const {
  return impl_->queue.get();
}

std::vector<DoorEvent> AgentDoor::service(std::int64_t now_ns) {
  Impl& door = *impl_;
  door.check_owner();  // first, so that who comes after a dead owner is not refused for it
  epoll_event ready[32];
  const int count = epoll_wait(door.epoll.get(), ready, 32, 0);
  for (int i = 0; i < count; ++i) {
    const int fd = ready[i].data.fd;
    if (fd == door.listener.get()) {
      door.accept_some(now_ns);
    } else if (door.pending.contains(fd)) {
      door.hear(fd);
    }
  }
  for (auto it = door.pending.begin(); it != door.pending.end();) {
    if (it->second.second > now_ns) {
      ++it;
      continue;
    }
    door.refuse(it->first, Reason::refused, "no hello in time");
    it = door.pending.erase(it);
  }
  return std::exchange(door.events, {});
}

void AgentDoor::close_session() {
  impl_->owner.reset();
}
void AgentDoor::release() {
  if (!impl_->owner) impl_->queue.reset();
}

AgentDoor::AgentDoor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AgentDoor::AgentDoor(AgentDoor&&) noexcept = default;
AgentDoor& AgentDoor::operator=(AgentDoor&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

AgentDoor::~AgentDoor() {
  if (!impl_) return;
  // Only our own: an agent that was replaced while it was stopped must not take the new one's socket away.
  struct stat there{};
  const std::string& path = impl_->options.path;
  if (lstat(path.c_str(), &there) == 0 && there.st_ino == impl_->bound.st_ino &&
      there.st_dev == impl_->bound.st_dev) {
    unlink(path.c_str());
  }
}

}  // namespace outrigger::ipc

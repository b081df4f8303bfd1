#include "tests/support/processes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

extern char** environ;

namespace outrigger::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int look_again_ms = 2;

std::string path_of(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  std::string path = OUTRIGGER_BIN_DIR;  // a sum of temporaries makes gcc 12 warn of bounds that hold
  path += '/';
  return path += program;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text = *one;
    if (!more.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

[[noreturn]] void broken(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

// A file in memory takes whatever is written: a child never waits for a test that does not read.
int said_file() {
  const int file = memfd_create("said", MFD_CLOEXEC);
  if (file < 0) broken("memfd_create");
  return file;
}

[[noreturn]] void become(const char* path, char* const* words, char* const* environment, pid_t parent,
                         int input, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent && getppid() != 0) _exit(126);  // 0: the parent is outside this PID namespace
  dup2(input, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execve(path, words, environment);
  dprintf(STDERR_FILENO, "%s: %s\n", path, std::strerror(errno));
  _exit(127);
}

}  // namespace

int slowness() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 4;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return 4;
#else
  return 1;
#endif
#else
  return 1;
#endif
}

Milliseconds patience() {
  const char* factor = std::getenv("OUTRIGGER_TEST_PATIENCE");
  const double times = factor == nullptr ? 1 : std::strtod(factor, nullptr);
  return Milliseconds(static_cast<std::int64_t>(60'000.0 * slowness() * (times > 0 ? times : 1)));
}

void wait_until(const std::string& what, const std::function<bool()>& holds,
                const std::vector<Process*>& alive, Milliseconds limit) {
  const auto last_words = [&] {
    std::string all;
    for (auto* process : alive) all += "\n  " + process->name() + ": " + process->last_words();
    return all;
  };
  const auto begin = Clock::now();
  while (!holds()) {
    for (auto* process : alive)
      if (!process->alive())
        throw Hung(process->name() + " ended while the test waited for " + what + last_words());
    if (Clock::now() - begin > limit)
      throw Hung("waited " + std::to_string(limit.count()) + " ms for " + what + last_words());
    poll(nullptr, 0, look_again_ms);
  }
}

Process::Process(const Launch& launch) : name_(launch.program.substr(launch.program.rfind('/') + 1)) {
  const std::string path = path_of(launch.program);
  std::vector<std::string> words{path};
  words.insert(words.end(), launch.arguments.begin(), launch.arguments.end());
  std::vector<std::string> variables = environment_with(launch.environment);
  const auto argv = pointers(words), envp = pointers(variables);
  int ends[2] = {-1, -1};
  if (launch.input) {
    if (pipe2(ends, O_CLOEXEC) != 0) broken("pipe");
  } else {
    ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  out_.file = said_file();
  err_.file = said_file();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(path.c_str(), argv.data(), envp.data(), parent, ends[0], out_.file, err_.file);
  const int error = errno;
  close(ends[0]);
  input_ = ends[1];
  if (pid_ > 0) return;
  release();
  errno = error;
  broken("fork for " + name_);
}

Process::Process(Process&& other) noexcept {
  take(other);
}
Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  release();
  take(other);
  return *this;
}
Process::~Process() {
  release();
}

void Process::take(Process& other) noexcept {
  name_ = std::move(other.name_);
  pid_ = std::exchange(other.pid_, -1);
  input_ = std::exchange(other.input_, -1);
  exit_ = std::exchange(other.exit_, std::nullopt);
  out_ = std::exchange(other.out_, Said{});
  err_ = std::exchange(other.err_, Said{});
}

void Process::release() noexcept {
  if (pid_ > 0 && !exit_) {
    ::kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
  exit_.reset();
  for (int* file : {&input_, &out_.file, &err_.file})
    if (*file >= 0) close(std::exchange(*file, -1));
}

void Process::reap(int options) {
  if (pid_ <= 0 || exit_) return;
  int status = 0;
  if (waitpid(pid_, &status, options) != pid_ || WIFSTOPPED(status)) return;
  exit_ = WIFSIGNALED(status) ? Exit{-1, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
}

bool Process::alive() {
  reap(WNOHANG);
  return pid_ > 0 && !exit_;
}
std::optional<Exit> Process::exit() {
  reap(WNOHANG);
  return exit_;
}

void Process::signal(int number) {
  if (alive()) ::kill(pid_, number);
}

void Process::stop() {
  signal(SIGSTOP);
  if (alive()) reap(WUNTRACED);
}

void Process::resume() {
  signal(SIGCONT);
}

Exit Process::kill() {
  signal(SIGKILL);
  return wait();
}

Exit Process::wait(Milliseconds limit) {
  if (pid_ <= 0) return {};
  try {
    wait_until("the end of " + name_, [this] { return exit().has_value(); }, {}, limit);
  } catch (const Hung& hung) {
    throw Hung(std::string(hung.what()) + "; it said last: " + last_words());
  }
  return *exit_;
}

const std::string& Process::Said::read() {
  char bytes[16 * 1024];
  for (;;) {
    const ssize_t got = file < 0 ? 0 : pread(file, bytes, sizeof bytes, static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(bytes, static_cast<std::size_t>(got));
  }
}

const std::string& Process::out() {
  return out_.read();
}
const std::string& Process::err() {
  return err_.read();
}

std::string Process::line(Said& said, const std::string& text, std::size_t from) {
  std::string found;
  const auto look = [&] {
    const std::string& all = said.read();
    const auto at = all.find(text, from);
    const auto end = at == std::string::npos ? at : all.find('\n', at);
    if (end == std::string::npos) return false;
    const auto before = all.rfind('\n', at);
    const auto begin = before == std::string::npos ? 0 : before + 1;
    found = all.substr(begin, end - begin);
    return true;
  };
  const std::string what = "\"" + text + "\" from " + name_;
  // What it said just before its end counts, too.
  wait_until(what, [&] { return look() || !alive(); });
  if (found.empty() && !look()) throw Hung(name_ + " ended without " + what + ": " + last_words());
  return found;
}

std::string Process::out_line(const std::string& text, std::size_t from) {
  return line(out_, text, from);
}
std::string Process::err_line(const std::string& text, std::size_t from) {
  return line(err_, text, from);
}

bool Process::write_line(const std::string& text) {
  const std::string bytes = text + "\n";
  struct sigaction ignore{}, before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  std::size_t done = 0;
  while (input_ >= 0 && done < bytes.size()) {
    const ssize_t got = ::write(input_, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  sigaction(SIGPIPE, &before, nullptr);
  return done == bytes.size();
}

void Process::close_input() {
  if (input_ >= 0) close(std::exchange(input_, -1));
}

std::string Process::last_words() {
  std::string all = err();
  if (all.empty()) all = out();
  while (!all.empty() && all.back() == '\n') all.pop_back();
  const auto begin = all.rfind('\n');
  return all.empty() ? "it said nothing"
                     : all.substr(begin == std::string::npos ? 0 : begin + 1).substr(0, 400);
}

}  // namespace outrigger::test

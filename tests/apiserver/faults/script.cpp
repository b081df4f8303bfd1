#include "tests/apiserver/faults/script.h"

#include <algorithm>
#include <array>

#include "tests/apiserver/base/yaml.h"

namespace outrigger::apiserver {
namespace {

struct NamedKind {
  std::string_view name;
  FaultKind kind;
};
constexpr std::array kinds{
    NamedKind{"latency", FaultKind::latency},
    NamedKind{"error", FaultKind::error},
    NamedKind{"throttle", FaultKind::throttle},
    NamedKind{"quota", FaultKind::quota},
    NamedKind{"webhook-deny", FaultKind::webhook_deny},
    NamedKind{"webhook-down", FaultKind::webhook_down},
    NamedKind{"drop", FaultKind::drop},
    NamedKind{"black-hole", FaultKind::black_hole},
    NamedKind{"lose-reply", FaultKind::lose_reply},
    NamedKind{"late", FaultKind::late},
    NamedKind{"cut", FaultKind::cut},
    NamedKind{"truncate", FaultKind::truncate},
    NamedKind{"expire", FaultKind::expire},
    NamedKind{"mute", FaultKind::mute},
    NamedKind{"compact", FaultKind::compact},
    NamedKind{"drop-watches", FaultKind::drop_watches},
    NamedKind{"black-hole-all", FaultKind::black_hole_all},
    NamedKind{"restart", FaultKind::restart},
};
constexpr std::array<std::string_view, 10> verbs{
    "connect", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "all"};

void check_verb(const Yaml& where, const std::string& verb) {
  if (std::find(verbs.begin(), verbs.end(), verb) != verbs.end()) return;
  std::string known;
  for (const auto v : verbs) known.append(known.empty() ? "" : ", ").append(v);
  where.complain("'" + verb + "' is not a verb (known: " + known + ")");
}

std::vector<std::string> read_verbs(const Yaml& yaml) {
  auto words = yaml.words();
  for (const auto& word : words) check_verb(yaml, word);
  std::erase(words, "all");
  return words;
}

FaultKind read_kind(const Yaml& yaml) {
  const std::string name = yaml.text();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const NamedKind& k) { return k.name == name; });
  if (found != kinds.end()) return found->kind;
  std::string known;
  for (const auto& k : kinds) known.append(known.empty() ? "" : ", ").append(k.name);
  yaml.complain("'" + name + "' is not a kind of fault (known: " + known + ")");
}

int default_code(FaultKind kind) {
  return kind == FaultKind::webhook_deny ? 403 : 500;
}

Fault read_fault(const Yaml& yaml) {
  yaml.allow({"kind",  "verb",    "verbs",       "resource", "resources",    "name",
              "time",  "code",    "reason",      "message",  "retry-after",  "form",
              "reply", "webhook", "quota",       "limit",    "after-events", "down",
              "skip",  "count",   "probability", "after",    "until"});
  const auto kind = yaml.find("kind");
  if (!kind) yaml.complain("a fault needs a kind");
  Fault fault;
  fault.kind = read_kind(*kind);
  fault.code = default_code(fault.kind);
  for (const char* key : {"verb", "verbs"}) {
    if (const auto v = yaml.find(key)) fault.verbs = read_verbs(*v);
  }
  for (const char* key : {"resource", "resources"}) {
    if (const auto v = yaml.find(key)) fault.resources = v->words();
  }
  if (const auto v = yaml.find("name")) fault.name_contains = v->text();
  if (const auto v = yaml.find("time")) fault.time = v->duration_range();
  if (const auto v = yaml.find("code")) fault.code = static_cast<int>(v->integer(400, 599));
  if (const auto v = yaml.find("reason")) fault.reason = v->text();
  if (const auto v = yaml.find("message")) fault.message = v->text();
  if (const auto v = yaml.find("retry-after"))
    fault.retry_after_s = static_cast<int>(v->duration().count() / 1000);
  if (const auto v = yaml.find("form")) {
    fault.json = v->text() == "json";
    if (!fault.json && v->text() != "text") v->complain("'" + v->text() + "' is neither text nor json");
  }
  if (const auto v = yaml.find("reply")) {
    fault.wait = v->text() == "wait";
    if (!fault.wait && v->text() != "lost") v->complain("'" + v->text() + "' is neither wait nor lost");
  }
  if (const auto v = yaml.find("webhook")) fault.webhook = v->text();
  if (const auto v = yaml.find("quota")) fault.quota = v->text();
  if (const auto v = yaml.find("limit")) fault.limit = v->integer(0, 1'000'000);
  if (const auto v = yaml.find("after-events"))
    fault.after_events = static_cast<std::size_t>(v->integer(0, 1'000'000'000));
  if (const auto v = yaml.find("down")) fault.down = v->duration();
  if (const auto v = yaml.find("skip")) fault.skip = v->integer(0, 1'000'000'000);
  if (const auto v = yaml.find("count")) fault.count = v->integer(0, 1'000'000'000);
  if (const auto v = yaml.find("probability")) fault.probability = v->real(0, 1);
  if (const auto v = yaml.find("after")) fault.after = v->duration();
  if (const auto v = yaml.find("until")) fault.until = v->duration();
  if (fault.until && *fault.until <= fault.after) yaml.complain("until must be later than after");
  const bool needs_time = fault.kind == FaultKind::latency || fault.kind == FaultKind::late;
  if (needs_time && fault.time.most.count() == 0)
    yaml.complain("this kind needs a time, such as time: 30ms..100ms");
  return fault;
}

}  // namespace

FaultScript parse_faults(const std::string& text, const std::string& file) {
  const Yaml yaml = Yaml::parse(text, file);
  yaml.allow({"seed", "latency", "faults"});
  FaultScript script;
  if (const auto seed = yaml.find("seed"))
    script.seed = static_cast<std::uint64_t>(seed->integer(0, INT64_MAX));
  if (const auto latency = yaml.find("latency")) {
    for (const auto& [verb, range] : latency->members()) {
      check_verb(range, verb);
      Fault fault;
      fault.kind = FaultKind::latency;
      if (verb != "all") fault.verbs = {verb};
      fault.time = range.duration_range();
      script.faults.push_back(std::move(fault));
    }
  }
  if (const auto faults = yaml.find("faults")) {
    for (const auto& item : faults->items()) script.faults.push_back(read_fault(item));
  }
  return script;
}

std::string_view to_string(FaultKind kind) {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const NamedKind& k) { return k.kind == kind; });
  return found->name;
}

bool is_moment(FaultKind kind) {
  return kind >= FaultKind::mute;
}

}  // namespace outrigger::apiserver

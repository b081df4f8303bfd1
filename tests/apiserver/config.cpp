#include "tests/apiserver/config.h"

#include <algorithm>
#include <charconv>

#include "tests/apiserver/base/yaml.h"

namespace outrigger::apiserver {
namespace {

Account read_account(const Yaml& yaml) {
  yaml.allow({"name", "user", "token", "rules"});
  Account account;
  const auto token = yaml.find("token");
  const auto name = yaml.find("name");
  if (!token || !name) yaml.complain("a token needs name and token");
  account.token = token->text();
  account.user = name->text();
  if (const auto user = yaml.find("user")) account.user = user->text();
  const auto rules = yaml.find("rules");
  if (!rules) return administrator(account.user, account.token);
  for (const auto& item : rules->items()) {
    item.allow({"namespaces", "resources", "verbs"});
    Rule rule;
    for (auto [key, list] : {std::pair{"namespaces", &rule.namespaces},
                             {"resources", &rule.resources},
                             {"verbs", &rule.verbs}}) {
      const auto words = item.find(key);
      if (!words) item.complain(std::string("a rule needs ") + key);
      *list = words->words();
    }
    account.rules.push_back(std::move(rule));
  }
  return account;
}

Quota read_quota(const Yaml& yaml) {
  yaml.allow({"namespace", "name", "hard", "status"});
  Quota quota;
  if (const auto v = yaml.find("namespace")) quota.name_space = v->text();
  if (const auto v = yaml.find("name")) quota.name = v->text();
  if (const auto v = yaml.find("status")) {
    const std::string text = v->text();
    if (text != "enforced" && text != "absent" && text != "unknown")
      v->complain("'" + text + "' is not enforced, absent or unknown");
    quota.status = text == "absent"    ? Quota::Status::absent
                   : text == "unknown" ? Quota::Status::unknown
                                       : Quota::Status::enforced;
  }
  if (const auto hard = yaml.find("hard")) {
    for (const auto& [name, value] : hard->members()) {
      if (!parse_quantity(value.text())) value.complain("'" + value.text() + "' is not a quantity");
      quota.hard[name] = value.text();
    }
  }
  if (quota.name.empty() || quota.name_space.empty() || quota.hard.empty())
    yaml.complain("a quota needs namespace, name and hard");
  return quota;
}

Budget read_budget(const Yaml& yaml) {
  yaml.allow({"namespace", "name", "selector"});
  Budget budget;
  if (const auto v = yaml.find("namespace")) budget.name_space = v->text();
  if (const auto v = yaml.find("name")) budget.name = v->text();
  if (const auto v = yaml.find("selector")) {
    auto selector = LabelSelector::parse(v->text());
    if (!selector) v->complain(selector.error());
    budget.selector = std::move(*selector);
  }
  return budget;
}

// UID or UID:GID, as an image's USER; names would be those of the image's own /etc/passwd.
void read_user(ImageRule& rule, const Yaml& yaml) {
  const std::string text = yaml.text();
  const auto colon = text.find(':');
  const auto number = [&](std::string_view part) {
    std::uint32_t value = 0;
    const auto end = part.data() + part.size();
    if (part.empty() || std::from_chars(part.data(), end, value).ptr != end)
      yaml.complain("'" + text + "' is not UID or UID:GID");
    return value;
  };
  rule.uid = number(std::string_view(text).substr(0, colon));
  if (colon != std::string::npos) rule.gid = number(std::string_view(text).substr(colon + 1));
}

ImageRule read_image(const Yaml& yaml) {
  yaml.allow({"image", "entrypoint", "working-dir", "user", "environment", "content"});
  ImageRule rule;
  const auto image = yaml.find("image");
  if (!image) yaml.complain("an entry of images needs image");
  rule.image = image->text();
  if (const auto v = yaml.find("entrypoint")) rule.entrypoint = v->text();
  if (const auto v = yaml.find("working-dir")) rule.working_dir = v->text();
  if (const auto v = yaml.find("user")) read_user(rule, *v);
  if (const auto v = yaml.find("environment")) {
    for (const auto& [name, value] : v->members()) rule.environment.emplace_back(name, value.text());
  }
  if (const auto v = yaml.find("content")) {
    for (const auto& [target, source] : v->members()) rule.content.push_back({source.text(), target, false});
  }
  return rule;
}

void read_processes(ProcessSettings& processes, const Yaml& yaml) {
  yaml.allow({"kind", "directory", "logs", "node", "images", "inherit", "restart-back-off"});
  if (const auto v = yaml.find("directory")) processes.directory = v->text();
  if (const auto v = yaml.find("logs")) processes.logs = v->text();
  if (const auto v = yaml.find("node")) processes.node = v->text();
  if (const auto v = yaml.find("inherit")) processes.inherit = v->words();
  if (const auto v = yaml.find("restart-back-off")) processes.restart_back_off = v->duration();
  if (const auto v = yaml.find("images")) {
    for (const auto& item : v->items()) processes.images.push_back(read_image(item));
  }
}

void read_kubelet(KubeletSettings& kubelet, const Yaml& yaml) {
  yaml.allow({"kind", "enabled", "nodes", "schedule", "create", "start", "terminate", "pull-back-off"});
  if (const auto v = yaml.find("enabled")) kubelet.enabled = v->truth();
  if (const auto v = yaml.find("nodes")) kubelet.nodes = static_cast<int>(v->integer(1, 1000));
  if (const auto v = yaml.find("schedule")) kubelet.schedule = v->duration_range();
  if (const auto v = yaml.find("create")) kubelet.create = v->duration_range();
  if (const auto v = yaml.find("start")) kubelet.start = v->duration_range();
  if (const auto v = yaml.find("terminate")) kubelet.terminate = v->duration_range();
  if (const auto v = yaml.find("pull-back-off")) kubelet.pull_back_off = v->duration();
}

// `kind` decides which keys there are; a flag may have decided before.
void read_any_kubelet(Config& config, const Yaml& yaml) {
  if (const auto v = yaml.find("kind")) {
    const std::string kind = v->text();
    if (kind != "simulated" && kind != "process") v->complain("'" + kind + "' is not simulated or process");
    config.processes.enabled = kind == "process";
  }
  if (config.processes.enabled) return read_processes(config.processes, yaml);
  read_kubelet(config.kubelet, yaml);
}

void read_watch(WatchSettings& watch, const Yaml& yaml) {
  yaml.allow({"bookmark-every", "bookmark-before-end", "default-timeout", "queue-events"});
  if (const auto v = yaml.find("bookmark-every")) watch.bookmark_every = v->duration();
  if (const auto v = yaml.find("bookmark-before-end")) watch.bookmark_before_end = v->duration();
  if (const auto v = yaml.find("default-timeout")) watch.default_timeout_least = v->duration();
  if (const auto v = yaml.find("queue-events"))
    watch.queue_events = static_cast<std::size_t>(v->integer(1, 10'000'000));
}

}  // namespace

Account administrator(std::string name, std::string token) {
  return {std::move(name), std::move(token), {{{"*"}, {"*"}, {"*"}}}};
}

void read_config(Config& config, const std::string& text, const std::string& file) {
  const Yaml yaml = Yaml::parse(text, file);
  yaml.allow({"tokens", "namespaces", "quotas", "budgets", "kubelet", "watch", "history-events",
              "first-resource-version", "too-large-wait", "seed"});
  if (const auto v = yaml.find("tokens")) {
    for (const auto& item : v->items()) config.accounts.push_back(read_account(item));
  }
  if (const auto v = yaml.find("namespaces")) {
    for (const auto& word : v->words()) config.api.namespaces.insert(word);
  }
  if (const auto v = yaml.find("quotas")) {
    for (const auto& item : v->items()) config.api.quotas.push_back(read_quota(item));
  }
  if (const auto v = yaml.find("budgets")) {
    for (const auto& item : v->items()) config.api.budgets.push_back(read_budget(item));
  }
  if (const auto v = yaml.find("kubelet")) read_any_kubelet(config, *v);
  if (const auto v = yaml.find("watch")) read_watch(config.watch, *v);
  if (const auto v = yaml.find("history-events"))
    config.window.events = static_cast<std::size_t>(v->integer(1, 10'000'000));
  if (const auto v = yaml.find("first-resource-version")) config.first_rv = v->integer(1, INT64_MAX / 2);
  if (const auto v = yaml.find("too-large-wait")) config.api.too_large_wait = v->duration();
  if (const auto v = yaml.find("seed")) config.seed = static_cast<std::uint64_t>(v->integer(0, INT64_MAX));
}

std::string kubeconfig(const Config& config, const std::string& url, const std::string& ca_pem,
                       const std::string& token, const std::string& name_space) {
  std::string text =
      "apiVersion: v1\nkind: Config\nclusters:\n- name: outrigger\n  cluster:\n    server: " + url + "\n";
  if (!config.plain) text += "    certificate-authority-data: " + base64_encode(ca_pem) + "\n";
  text += "users:\n- name: outrigger\n  user:\n    token: " + token + "\n";
  text +=
      "contexts:\n- name: outrigger\n  context:\n    cluster: outrigger\n    user: outrigger\n    "
      "namespace: " +
      name_space + "\ncurrent-context: outrigger\n";
  return text;
}

}  // namespace outrigger::apiserver

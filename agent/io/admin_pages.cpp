#include "agent/io/admin_pages.h"

#include <algorithm>
#include <vector>

namespace outrigger::io {
namespace {

struct Query {
  bool verbose = false;
  std::vector<std::string_view> excluded;
};

Query parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    const auto value = equals == part.npos ? std::string_view() : part.substr(equals + 1);
    if (name == "verbose") query.verbose = true;
    if (name == "exclude") query.excluded.push_back(value);
  }
  return query;
}

AdminPage health_page(const std::string& endpoint, const std::vector<NamedCheck>& checks,
                      const Query& query) {
  std::string lines;
  bool ok = true;
  auto unmatched = query.excluded;
  for (const auto& check : checks) {
    if (std::find(query.excluded.begin(), query.excluded.end(), check.name) != query.excluded.end()) {
      unmatched.erase(std::remove(unmatched.begin(), unmatched.end(), std::string_view(check.name)),
                      unmatched.end());
      lines += "[+]" + check.name + " excluded: ok\n";
      continue;
    }
    const auto verdict = check.ask();
    ok = ok && verdict.ok;
    lines +=
        verdict.ok ? "[+]" + check.name + " ok\n" : "[-]" + check.name + " failed: " + verdict.detail + "\n";
  }
  for (const auto& name : unmatched)
    lines += "warn: some health checks cannot be excluded: no matches for \"" + std::string(name) + "\"\n";
  AdminPage page;
  page.code = ok ? 200 : 500;
  if (!ok)
    page.body = lines + endpoint + " check failed\n";
  else
    page.body = query.verbose ? lines + endpoint + " check passed\n" : "ok";
  return page;
}

}  // namespace

AdminPage admin_page(std::string_view target, const HealthChecks& checks,
                     const std::function<std::string()>& metrics) {
  const auto mark = target.find('?');
  const auto path = target.substr(0, mark);
  const auto query = parse_query(mark == target.npos ? std::string_view() : target.substr(mark + 1));
  if (path == "/metrics") return {200, metrics(), "text/plain; version=0.0.4; charset=utf-8"};

  const std::pair<std::string_view, const std::vector<NamedCheck>*> endpoints[] = {
      {"startupz", &checks.startup},
      {"livez", &checks.live},
      {"healthz", &checks.live},
      {"readyz", &checks.ready}};
  for (const auto& [name, list] : endpoints) {
    if (path.size() < name.size() + 1 || path[0] != '/' || path.substr(1, name.size()) != name) continue;
    const auto rest = path.substr(1 + name.size());
    if (rest.empty()) return health_page(std::string(name), *list, query);
    if (rest[0] != '/') continue;
    for (const auto& check : *list)  // /readyz/NAME: one check alone
      if (rest.substr(1) == check.name)
        return health_page(std::string(name) + "/" + check.name, {check}, query);
  }
  return {404, "not found; there are /startupz /livez /readyz /healthz /metrics\n",
          "text/plain; charset=utf-8"};
}

}  // namespace outrigger::io

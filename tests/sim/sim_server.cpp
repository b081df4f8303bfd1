#include "tests/sim/sim_server.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace outrigger::sim {
namespace {

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string label(const Json& pod, const std::string& key) {
  const auto& meta = pod.at("metadata");
  if (!meta.contains("labels") || !meta["labels"].contains(key)) return {};
  return meta["labels"][key].get<std::string>();
}

std::int64_t grace_of(const kube::Request& request, std::int64_t otherwise) {
  if (request.body.empty()) return otherwise;
  return Json::parse(request.body).value("gracePeriodSeconds", otherwise);
}

}  // namespace

std::string time_text(std::int64_t wall_ms) {
  const std::time_t s = static_cast<std::time_t>(wall_ms / 1000);
  std::tm tm{};
  gmtime_r(&s, &tm);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return text;
}

Query parse_target(std::string_view target) {
  Query q;
  const auto mark = target.find('?');
  q.path = decode_percent(target.substr(0, mark));
  if (mark == std::string_view::npos) return q;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto amp = rest.find('&');
    const auto part = rest.substr(0, amp);
    const auto eq = part.find('=');
    q.values[decode_percent(part.substr(0, eq))] =
        eq == std::string_view::npos ? "" : decode_percent(part.substr(eq + 1));
    rest = amp == std::string_view::npos ? std::string_view{} : rest.substr(amp + 1);
  }
  return q;
}

bool selector_matches(const std::string& selector, const Json& object) {
  std::size_t at = 0;
  while (at < selector.size()) {
    auto comma = std::min(selector.find(',', at), selector.size());
    if (const auto set = selector.find(" in (", at); set < comma) {  // KEY in (A,B)
      const auto end = selector.find(')', set);
      const std::string values = "," + selector.substr(set + 5, end - set - 5) + ",";
      if (values.find("," + label(object, selector.substr(at, set - at)) + ",") == std::string::npos)
        return false;
      at = end + 2;
      continue;
    }
    std::string part = selector.substr(at, comma - at);
    at = comma + 1;
    const auto eq = part.find('=');
    if (eq == std::string::npos) {
      const bool negate = !part.empty() && part[0] == '!';
      if (label(object, negate ? part.substr(1) : part).empty() != negate) return false;
      continue;
    }
    const bool negate = eq > 0 && part[eq - 1] == '!';
    const std::string key = part.substr(0, negate ? eq - 1 : eq);
    const std::string value = part.substr(eq + (part.compare(eq, 2, "==") == 0 ? 2 : 1));
    if ((label(object, key) == value) == negate) return false;
  }
  return true;
}

Answer status_answer(std::uint16_t code, const std::string& reason, const std::string& message) {
  Json status{{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", Json::object()},
              {"status", "Failure"}, {"message", message}, {"reason", reason},
              {"code", code}};
  return {code, {{"content-type", "application/json"}, {"audit-id", "sim"}}, status.dump()};
}

Answer SimServer::handle(const kube::Request& request, std::int64_t wall_ms) {
  ++requests;
  const Query query = parse_target(request.target);
  if (query.path.find("/persistentvolumeclaims") != std::string::npos)
    return handle_claim(request, query, wall_ms);
  const auto pods_at = query.path.find("/pods");
  if (pods_at == std::string::npos)
    return status_answer(404, "NotFound", "the server could not find the requested resource");
  const std::string name = query.path.size() > pods_at + 6 ? query.path.substr(pods_at + 6) : "";
  switch (request.verb) {
    case kube::Verb::list:
      return list(query, pods_, "PodList");
    case kube::Verb::create:
      return create(request, wall_ms);
    case kube::Verb::get: {
      const auto it = pods_.find(name);
      if (it == pods_.end()) return status_answer(404, "NotFound", "pods \"" + name + "\" not found");
      return {200, {}, it->second.dump()};
    }
    case kube::Verb::remove:
      return remove_one(name, request, wall_ms);
    case kube::Verb::remove_collection:
      return remove_collection(query, request, wall_ms);
    case kube::Verb::patch:
      return patch(name, request);
    case kube::Verb::watch:
      break;
  }
  return status_answer(405, "MethodNotAllowed", "not here");
}

// Made and listed; nothing here ever deletes one.
Answer SimServer::handle_claim(const kube::Request& request, const Query& query, std::int64_t wall_ms) {
  if (request.verb == kube::Verb::list) return list(query, claims_, "PersistentVolumeClaimList");
  if (request.verb != kube::Verb::create) return status_answer(405, "MethodNotAllowed", "not here");
  Json claim = Json::parse(request.body);
  const std::string name = claim["metadata"].value("name", "");
  if (claims_.contains(name))
    return status_answer(409, "AlreadyExists", "persistentvolumeclaims \"" + name + "\" already exists");
  claim["metadata"]["uid"] = new_uid();
  claim["metadata"]["creationTimestamp"] = time_text(wall_ms);
  claim["metadata"]["resourceVersion"] = std::to_string(++version_);
  claim["status"] = {{"phase", "Bound"}};
  claims_[name] = claim;
  return {201, {}, claim.dump()};
}

std::string SimServer::new_uid() {
  char uid[40];
  std::snprintf(uid, sizeof uid, "%08x-%04x-4%03x-8%03x-%012llx", static_cast<unsigned>(random_()),
                static_cast<unsigned>(random_() & 0xFFFF), static_cast<unsigned>(random_() & 0xFFF),
                static_cast<unsigned>(random_() & 0xFFF),
                static_cast<unsigned long long>(random_() & 0xFFFFFFFFFFFFull));
  return uid;
}

Answer SimServer::list(const Query& query, const std::map<std::string, Json>& objects,
                       const std::string& kind) {
  ++lists;
  const std::string limit_text = query.get("limit");
  const std::size_t limit = limit_text.empty() ? 0 : std::stoul(limit_text);
  Page page{version_, {}};
  if (const std::string token = query.get("continue"); !token.empty()) {
    const auto it = pages_.find(token);
    if (it == pages_.end())
      return status_answer(410, "Expired", "The provided continue parameter is too old");
    page = it->second;
  } else {
    if (const std::string at = query.get("resourceVersion"); !at.empty() && std::stoull(at) > version_) {
      Json status = Json::parse(status_answer(504, "Timeout", "Too large resource version").body);
      status["details"] = {
          {"causes", {{{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}}},
          {"retryAfterSeconds", 1}};
      return {504, {{"retry-after", "1"}}, status.dump()};
    }
    for (const auto& [name, object] : objects)
      if (selector_matches(query.get("labelSelector"), object)) page.rest.push_back(object);
  }
  Json items = Json::array();
  std::size_t n = limit == 0 ? page.rest.size() : std::min(limit, page.rest.size());
  for (std::size_t i = 0; i < n; ++i) items.push_back(page.rest[i]);
  Json meta{{"resourceVersion", std::to_string(page.version)}};
  if (n < page.rest.size()) {
    const std::string token = "page" + std::to_string(++last_page_);
    meta["continue"] = token;
    meta["remainingItemCount"] = page.rest.size() - n;
    pages_[token] = {page.version, {page.rest.begin() + static_cast<std::ptrdiff_t>(n), page.rest.end()}};
  }
  return {200, {}, Json{{"kind", kind}, {"apiVersion", "v1"}, {"metadata", meta}, {"items", items}}.dump()};
}

Answer SimServer::create(const kube::Request& request, std::int64_t wall_ms) {
  Json pod = Json::parse(request.body);
  const std::string name = pod["metadata"].value("name", "");
  if (name.empty()) return status_answer(422, "Invalid", "metadata.name: Required value");
  if (pods_.contains(name))
    return status_answer(409, "AlreadyExists", "pods \"" + name + "\" already exists");
  if (quota && pods_.size() >= *quota)
    return status_answer(403, "Forbidden",
                         "pods \"" + name +
                             "\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=" +
                             std::to_string(pods_.size()) + ", limited: pods=" + std::to_string(*quota));
  auto& meta = pod["metadata"];
  meta["uid"] = new_uid();
  meta["creationTimestamp"] = time_text(wall_ms);
  pod["status"] = {{"phase", "Pending"}, {"qosClass", "Burstable"}};
  created[label(pod, "outrigger-nonce") + "/" + label(pod, "spark-exec-id")].push_back(meta["uid"]);
  pods_[name] = pod;
  record("ADDED", pod);
  const Json answer = pods_[name];
  if (on_created) on_created(name);
  return {201, {}, answer.dump()};
}

void SimServer::start_delete(const std::string& name, std::int64_t grace_s, std::int64_t wall_ms,
                             const std::string& how) {
  Json& pod = pods_.at(name);
  if (on_deleting) on_deleting(pod, how);
  const bool bound = pod["spec"].contains("nodeName");
  if (grace_s == 0 || !bound) {
    remove(name);
    return;
  }
  auto& meta = pod["metadata"];
  if (meta.contains("deletionTimestamp")) return;
  meta["deletionTimestamp"] = time_text(wall_ms + grace_s * 1000);
  meta["deletionGracePeriodSeconds"] = grace_s;
  record("MODIFIED", pod);
}

Answer SimServer::remove_one(const std::string& name, const kube::Request& request, std::int64_t wall_ms) {
  const auto it = pods_.find(name);
  if (it == pods_.end()) return status_answer(404, "NotFound", "pods \"" + name + "\" not found");
  if (!request.body.empty()) {
    const Json options = Json::parse(request.body);
    if (options.contains("preconditions") && options["preconditions"].contains("uid")) {
      const std::string uid = options["preconditions"]["uid"];
      if (uid != it->second["metadata"]["uid"].get<std::string>())
        return status_answer(409, "Conflict", "Precondition failed: UID in precondition: " + uid);
    }
    if (options.contains("preconditions") && options["preconditions"].contains("resourceVersion")) {
      const std::string seen = options["preconditions"]["resourceVersion"];
      if (seen != it->second["metadata"]["resourceVersion"].get<std::string>())
        return status_answer(409, "Conflict",
                             "Precondition failed: ResourceVersion in precondition: " + seen);
    }
  }
  const Json before = it->second;
  start_delete(name, grace_of(request, 30), wall_ms, "delete");
  return {200, {}, (pods_.contains(name) ? pods_[name] : before).dump()};
}

Answer SimServer::remove_collection(const Query& query, const kube::Request& request, std::int64_t wall_ms) {
  std::vector<std::string> names;
  for (const auto& [name, pod] : pods_)
    if (selector_matches(query.get("labelSelector"), pod)) names.push_back(name);
  for (const auto& name : names) start_delete(name, grace_of(request, 30), wall_ms, "deletecollection");
  return {200, {}, R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"})"};
}

Answer SimServer::patch(const std::string& name, const kube::Request& request) {
  const auto it = pods_.find(name);
  if (it == pods_.end()) return status_answer(404, "NotFound", "pods \"" + name + "\" not found");
  const Json change = Json::parse(request.body);
  if (change.contains("metadata") && change["metadata"].contains("uid") &&
      change["metadata"]["uid"].get<std::string>() != it->second["metadata"]["uid"].get<std::string>())
    return status_answer(409, "Conflict", "Precondition failed: UID in precondition");
  it->second.merge_patch(change);
  record("MODIFIED", it->second);
  return {200, {}, it->second.dump()};
}

bool SimServer::edit(const std::string& name, const std::function<void(Json&)>& change) {
  const auto it = pods_.find(name);
  if (it == pods_.end()) return false;
  change(it->second);
  record("MODIFIED", it->second);
  return true;
}

bool SimServer::remove(const std::string& name) {
  const auto it = pods_.find(name);
  if (it == pods_.end()) return false;
  Json pod = std::move(it->second);
  pods_.erase(it);
  if (on_removed) on_removed(pod);
  record("DELETED", std::move(pod));
  return true;
}

bool SimServer::force_delete(const std::string& name, std::int64_t grace_s, std::int64_t wall_ms) {
  if (!pods_.contains(name)) return false;
  start_delete(name, grace_s, wall_ms, "external");
  return true;
}

void SimServer::record(const std::string& type, Json object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  const auto it = pods_.find(object["metadata"]["name"].get<std::string>());
  if (it != pods_.end()) it->second["metadata"]["resourceVersion"] = std::to_string(version_);
  log_.push_back({version_, type, std::move(object)});
}

void SimServer::compact() {
  compacted_ = version_;
  log_.clear();
  pages_.clear();
}

}  // namespace outrigger::sim

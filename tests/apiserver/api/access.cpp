#include "tests/apiserver/api/access.h"

#include <algorithm>
#include <random>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

bool lists(const std::vector<std::string>& values, std::string_view value) {
  return std::any_of(values.begin(), values.end(), [&](const auto& v) { return v == "*" || v == value; });
}

HttpResponse forbidden(const ApiRequest& request, std::string_view user) {
  const std::string resource =
      request.plural + (request.subresource.empty() ? "" : "/" + request.subresource);
  const std::string object =
      request.name.empty() ? request.plural : request.plural + " \"" + request.name + "\"";
  const std::string where =
      request.name_space.empty() ? "at the cluster scope" : "in the namespace \"" + request.name_space + "\"";
  auto response = failure({.code = 403,
                           .reason = "Forbidden",
                           .message = object + " is forbidden: User \"" + std::string(user) + "\" cannot " +
                                      request.verb + " resource \"" + resource + "\" in API group \"" +
                                      request.group + "\" " + where,
                           .name = request.name,
                           .kind = request.plural});
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

std::string_view bearer(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (lower(authorization.substr(0, scheme.size())) != scheme) return {};
  return trim(authorization.substr(scheme.size()));
}

}  // namespace

const Account* Access::find(std::string_view authorization) const {
  const auto token = bearer(authorization);
  const auto found =
      std::find_if(accounts_.begin(), accounts_.end(), [&](const auto& a) { return a.token == token; });
  return token.empty() || found == accounts_.end() ? nullptr : &*found;
}

std::string Access::user(std::string_view authorization) const {
  const Account* account = find(authorization);
  return account == nullptr ? "system:anonymous" : account->user;
}

std::string Access::service_account_token(const std::string& name_space, const std::string& name) {
  const std::string user = "system:serviceaccount:" + name_space + ":" + name;
  const auto found =
      std::find_if(accounts_.begin(), accounts_.end(), [&](const Account& a) { return a.user == user; });
  if (found != accounts_.end()) return found->token;
  std::random_device device;
  std::mt19937_64 random((static_cast<std::uint64_t>(device()) << 32) ^ device());
  accounts_.push_back({user, random_uuid(random), {{{name_space}, {"*"}, {"*"}}}});
  return accounts_.back().token;
}

std::optional<HttpResponse> Access::refuse_token(std::string_view authorization) const {
  if (open_ || bearer(authorization).empty() || find(authorization) != nullptr) return {};
  return status::unauthorized();
}

std::optional<HttpResponse> Access::refuse(const ApiRequest& request, std::string_view authorization) const {
  if (open_) return {};
  if (auto answer = refuse_token(authorization)) return answer;
  const Account* account = find(authorization);
  if (account == nullptr) return forbidden(request, "system:anonymous");
  const std::string resource =
      request.plural + (request.subresource.empty() ? "" : "/" + request.subresource);
  const bool allowed = std::any_of(account->rules.begin(), account->rules.end(), [&](const Rule& rule) {
    return lists(rule.namespaces, request.name_space) && lists(rule.resources, resource) &&
           lists(rule.verbs, request.verb);
  });
  if (allowed) return {};
  return forbidden(request, account->user);
}

}  // namespace outrigger::apiserver

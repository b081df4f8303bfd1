#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "tests/apiserver/api/api.h"

namespace outrigger::apiserver {
namespace {

std::size_t number(std::string_view text, std::size_t otherwise) {
  std::size_t value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc() ? value : otherwise;
}

std::vector<std::string> container_names(const Json& pod) {
  std::vector<std::string> names;
  for (const char* list : {"containers", "initContainers"}) {
    for (const auto& container : child(child(pod, "spec"), list))
      names.push_back(string_member(container, "name"));
  }
  return names;
}

std::string last_lines(const std::string& text, std::size_t count) {
  std::size_t at = text.size();
  if (at > 0 && text.back() == '\n') --at;
  for (; at > 0; --at) {
    if (text[at - 1] == '\n' && --count == 0) break;
  }
  return text.substr(at);
}

}  // namespace

// What the container has written so far; `follow` is taken as a wish and ends there too.
HttpResponse Api::log(const ApiRequest& api) {
  const auto pod = store_.find(Resource::pods, api.name_space, api.name);
  if (!pod) return status::not_found("pods", api.name);
  if (!logs_) return status::no_such_resource();
  const Json json = to_json(*pod);
  const auto names = container_names(json);
  std::string container(api.option("container"));
  const std::size_t apps = child(child(json, "spec"), "containers").size();
  if (container.empty() && apps != 1) {
    std::string all;
    for (const auto& name : names) all.append(all.empty() ? "" : " ").append(name);
    return status::bad_request("a container name must be specified for pod " + api.name +
                               ", choose one of: [" + all + "]");
  }
  if (container.empty()) container = names.front();
  if (std::find(names.begin(), names.end(), container) == names.end())
    return status::bad_request("container " + container + " is not valid for pod " + api.name);
  std::ifstream in(logs_(api.name_space, api.name, container), std::ios::binary);
  if (!in) {
    return status::bad_request("container \"" + container + "\" in pod \"" + api.name +
                               "\" is waiting to start: ContainerCreating");
  }
  std::ostringstream text;
  text << in.rdbuf();
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = text.str();
  if (const auto lines = api.option("tailLines"); !lines.empty()) {
    const std::size_t count = number(lines, 0);
    response.body = count == 0 ? std::string() : last_lines(response.body, count);
  }
  if (const auto most = api.option("limitBytes"); !most.empty())
    response.body.resize(std::min(response.body.size(), number(most, response.body.size())));
  return response;
}

}  // namespace outrigger::apiserver

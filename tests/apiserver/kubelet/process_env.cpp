#include "tests/apiserver/kubelet/process_env.h"

#include <algorithm>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

void set(EnvList& env, const std::string& name, std::string value) {
  const auto found = std::find_if(env.begin(), env.end(), [&](const auto& e) { return e.first == name; });
  if (found == env.end()) {
    env.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

const std::string* get(const EnvList& env, std::string_view name) {
  const auto found = std::find_if(env.begin(), env.end(), [&](const auto& e) { return e.first == name; });
  return found == env.end() ? nullptr : &found->second;
}

std::string decode_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '=' || c == '\n'; });
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return base64url_decode(text).bytes;
}

bool is_optional(const Json& ref) {
  const auto found = ref.find("optional");
  return found != ref.end() && found->is_boolean() && found->get<bool>();
}

// `labels['x']` -> x; nothing when the path is not of this map.
std::optional<std::string> subscript(const std::string& path, const std::string& map) {
  const std::string head = map + "['";
  if (!path.starts_with(head) || !path.ends_with("']")) return {};
  return path.substr(head.size(), path.size() - head.size() - 2);
}

std::string downward_map(const Json& map) {  // one line per entry, sorted, as downward files have it
  std::map<std::string, std::string> sorted;
  for (const auto& [key, value] : map.items())
    sorted[key] = value.is_string() ? value.get<std::string>() : "";
  std::string text;
  for (const auto& [key, value] : sorted)
    text.append(text.empty() ? "" : "\n").append(key).append("=").append(json_string(value));
  return text;
}

using KeyResult = tl::expected<std::optional<std::string>, std::string>;

KeyResult key_ref(Resource resource, const Json& ref, const ObjectLookup& find) {
  const std::string name = string_member(ref, "name");
  const std::string key = string_member(ref, "key");
  const bool optional = is_optional(ref);
  const char* kind = resource == Resource::secrets ? "secret" : "configmap";
  const auto object = find(resource, name);
  if (!object) {
    if (optional) return std::nullopt;
    return tl::unexpected(std::string(kind) + " \"" + name + "\" not found");
  }
  auto value = content_of(resource, *object, key);
  if (!value && !optional)
    return tl::unexpected("couldn't find key " + key + " in " +
                          (resource == Resource::secrets ? "Secret " : "ConfigMap ") + name);
  return value;
}

KeyResult value_from(const Json& pod, const Json& container, const Json& source, const ObjectLookup& find,
                     const NodeFacts& node) {
  if (source.contains("fieldRef")) {
    auto value = field_of_pod(pod, string_member(source["fieldRef"], "fieldPath"));
    if (!value) return tl::unexpected(value.error());
    return *value;
  }
  if (source.contains("resourceFieldRef")) {
    auto value = resource_of(pod, container, source["resourceFieldRef"], node);
    if (!value) return tl::unexpected(value.error());
    return *value;
  }
  if (source.contains("configMapKeyRef"))
    return key_ref(Resource::configmaps, source["configMapKeyRef"], find);
  if (source.contains("secretKeyRef")) return key_ref(Resource::secrets, source["secretKeyRef"], find);
  return tl::unexpected<std::string>(
      "a valueFrom that is no fieldRef, resourceFieldRef, configMapKeyRef or secretKeyRef");
}

std::optional<std::string> add_env_from(EnvList& env, const Json& container, const ObjectLookup& find) {
  for (const auto& source : child(container, "envFrom")) {
    const std::string prefix = string_member(source, "prefix");
    for (const auto& [member, resource] :
         {std::pair{"configMapRef", Resource::configmaps}, std::pair{"secretRef", Resource::secrets}}) {
      if (!source.contains(member)) continue;
      const std::string name = string_member(source[member], "name");
      const auto object = find(resource, name);
      if (!object && !is_optional(source[member]))
        return std::string(resource == Resource::secrets ? "secret" : "configmap") + " \"" + name +
               "\" not found";
      if (!object) continue;
      for (auto& [key, value] : contents_of(resource, *object)) set(env, prefix + key, value);
    }
  }
  return {};
}

}  // namespace

std::string expand(std::string_view text, const EnvList& env) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const auto end = text[i + 1] == '(' ? text.find(')', i) : std::string_view::npos;
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
    } else if (end == std::string_view::npos) {
      out += '$';
    } else {
      const std::string* value = get(env, text.substr(i + 2, end - i - 2));
      out.append(value != nullptr ? std::string_view(*value) : text.substr(i, end - i + 1));
      i = end;
    }
  }
  return out;
}

tl::expected<std::string, std::string> field_of_pod(const Json& pod, const std::string& path) {
  const Json& meta = child(pod, "metadata");
  const Json& spec = child(pod, "spec");
  const Json& status = child(pod, "status");
  if (path == "metadata.name") return string_member(meta, "name");
  if (path == "metadata.namespace") return string_member(meta, "namespace");
  if (path == "metadata.uid") return string_member(meta, "uid");
  if (path == "metadata.labels") return downward_map(child(meta, "labels"));
  if (path == "metadata.annotations") return downward_map(child(meta, "annotations"));
  if (const auto key = subscript(path, "metadata.labels"))
    return string_member(child(meta, "labels"), key->c_str());
  if (const auto key = subscript(path, "metadata.annotations"))
    return string_member(child(meta, "annotations"), key->c_str());
  if (path == "spec.nodeName") return string_member(spec, "nodeName");
  if (path == "spec.serviceAccountName") {
    const std::string name = string_member(spec, "serviceAccountName");
    return name.empty() ? "default" : name;
  }
  if (path == "status.podIP" || path == "status.podIPs") return string_member(status, "podIP");
  if (path == "status.hostIP" || path == "status.hostIPs") return string_member(status, "hostIP");
  return tl::unexpected("unsupported fieldPath: " + path);
}

tl::expected<std::string, std::string> resource_of(const Json& pod, const Json& container, const Json& ref,
                                                   const NodeFacts& node) {
  const std::string resource = string_member(ref, "resource");  // limits.memory
  const auto dot = resource.find('.');
  const std::string list = resource.substr(0, dot);
  const std::string name = dot == std::string::npos ? "" : resource.substr(dot + 1);
  const std::string of = string_member(ref, "containerName");
  const Json* found = &container;
  for (const auto& other : child(child(pod, "spec"), "containers")) {
    if (!of.empty() && string_member(other, "name") == of) found = &other;
  }
  const Json& quantities = child(child(*found, "resources"), list.c_str());
  std::int64_t value = 0;
  if (quantities.contains(name)) {
    const Json& quantity = quantities[name];
    value = parse_quantity(quantity.is_string() ? quantity.get<std::string>() : dump(quantity)).value_or(0);
  } else if (list == "limits" && name == "cpu") {
    value = node.cpus * 1000;
  } else if (list == "limits" && name == "memory") {
    value = node.memory_bytes * 1000;
  } else if (list != "limits" && list != "requests") {
    return tl::unexpected("unsupported container resource: " + resource);
  }
  const std::string text =
      ref.contains("divisor") && ref["divisor"].is_string() ? ref["divisor"].get<std::string>() : "1";
  const std::int64_t given = parse_quantity(text).value_or(1000);
  const std::int64_t divisor = given == 0 ? 1000 : given;
  return std::to_string((value + divisor - 1) / divisor);
}

std::map<std::string, std::string> contents_of(Resource resource, const Json& object) {
  std::map<std::string, std::string> contents;
  for (const auto& [key, value] : child(object, "data").items()) {
    if (!value.is_string()) continue;
    const auto text = value.get<std::string>();
    contents[key] = resource == Resource::secrets ? decode_base64(text) : text;
  }
  for (const auto& [key, value] : child(object, "binaryData").items()) {
    if (value.is_string()) contents[key] = decode_base64(value.get<std::string>());
  }
  return contents;
}

std::optional<std::string> content_of(Resource resource, const Json& object, const std::string& key) {
  auto contents = contents_of(resource, object);
  const auto found = contents.find(key);
  if (found == contents.end()) return {};
  return std::move(found->second);
}

tl::expected<EnvList, std::string> environment_of(const Json& pod, const Json& container, EnvList base,
                                                  const ObjectLookup& find, const NodeFacts& node) {
  EnvList env = std::move(base);
  if (auto missing = add_env_from(env, container, find)) return tl::unexpected(*missing);
  for (const auto& entry : child(container, "env")) {
    const std::string name = string_member(entry, "name");
    if (!entry.contains("valueFrom")) {
      set(env, name, expand(string_member(entry, "value"), env));
      continue;
    }
    auto value = value_from(pod, container, entry["valueFrom"], find, node);
    if (!value) return tl::unexpected(value.error());
    if (const auto& text = *value; text) set(env, name, *text);
  }
  return env;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (glob_matches(pattern.substr(1), text.substr(skip))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern.front() != '?' && pattern.front() != text.front())) return false;
  return glob_matches(pattern.substr(1), text.substr(1));
}

}  // namespace outrigger::apiserver

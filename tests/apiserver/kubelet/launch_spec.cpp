#include "tests/apiserver/kubelet/launch_spec.h"

#include <stdexcept>

#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {
namespace {

Json mounts_json(const std::vector<LaunchMount>& mounts) {
  Json list = Json::array();
  for (const auto& mount : mounts)
    list.push_back(Json{{"source", mount.source}, {"target", mount.target}, {"readOnly", mount.read_only}});
  return list;
}

std::vector<LaunchMount> mounts_of(const Json& list) {
  std::vector<LaunchMount> mounts;
  for (const auto& mount : list)
    mounts.push_back({mount.at("source"), mount.at("target"), mount.at("readOnly").get<bool>()});
  return mounts;
}

}  // namespace

std::string to_text(const LaunchSpec& spec) {
  Json json{{"argv", spec.argv},
            {"cwd", spec.cwd},
            {"hostname", spec.hostname},
            {"uid", spec.uid},
            {"gid", spec.gid},
            {"groups", spec.groups},
            {"noNewPrivileges", spec.no_new_privileges},
            {"readOnlyRoot", spec.read_only_root},
            {"scratch", spec.scratch},
            {"hidden", spec.hidden},
            {"overlays", mounts_json(spec.overlays)},
            {"mounts", mounts_json(spec.mounts)}};
  Json& env = json["env"] = Json::array();
  for (const auto& [name, value] : spec.env) env.push_back(Json::array({name, value}));
  if (spec.join_pid) json["joinPid"] = *spec.join_pid;
  return dump(json);
}

LaunchSpec launch_spec(const std::string& text) {
  const Json json = parse_json(text);
  if (!json.is_object()) throw std::runtime_error("the launch specification is no JSON object");
  LaunchSpec spec;
  spec.argv = json.at("argv").get<std::vector<std::string>>();
  for (const auto& pair : json.at("env")) spec.env.emplace_back(pair.at(0), pair.at(1));
  spec.cwd = json.at("cwd");
  spec.hostname = json.at("hostname");
  spec.uid = json.at("uid");
  spec.gid = json.at("gid");
  spec.groups = json.at("groups").get<std::vector<std::uint32_t>>();
  spec.no_new_privileges = json.at("noNewPrivileges");
  spec.read_only_root = json.at("readOnlyRoot");
  spec.scratch = json.at("scratch");
  spec.hidden = json.at("hidden").get<std::vector<std::string>>();
  spec.overlays = mounts_of(json.at("overlays"));
  spec.mounts = mounts_of(json.at("mounts"));
  if (json.contains("joinPid")) spec.join_pid = json["joinPid"].get<std::int64_t>();
  return spec;
}

}  // namespace outrigger::apiserver

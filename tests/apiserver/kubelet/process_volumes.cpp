#include "tests/apiserver/kubelet/process_volumes.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "tests/apiserver/base/text.h"
#include "tests/apiserver/kubelet/payload.h"

namespace outrigger::apiserver {
namespace {

namespace fs = std::filesystem;
using Problem = tl::unexpected<std::string>;
using Path = tl::expected<std::string, std::string>;

bool is_optional(const Json& source) {
  const auto found = source.find("optional");
  return found != source.end() && found->is_boolean() && found->get<bool>();
}

mode_t mode_of(const Json& item, const char* name, mode_t otherwise) {
  const auto found = item.find(name);
  return found != item.end() && found->is_number_integer() ? static_cast<mode_t>(found->get<int>())
                                                           : otherwise;
}

// A directory that every user of the pod may write to, as the real kubelet makes them.
Path shared_directory(const VolumeContext& context, const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return Problem(path + ": " + error.message());
  ::chmod(path.c_str(), context.owner.group ? 02777 : 0777);
  if (context.owner.group && ::chown(path.c_str(), static_cast<uid_t>(-1), *context.owner.group) != 0 &&
      errno != EPERM)
    return Problem(path + ": " + std::strerror(errno));
  return path;
}

Path empty_dir(const VolumeContext& context, const Json& source, const std::string& path) {
  const bool first = !fs::exists(path);
  auto made = shared_directory(context, path);
  if (!made || !first || string_member(source, "medium") != "Memory") return made;
  std::string options = "mode=1777";
  const auto limit = parse_quantity(string_member(source, "sizeLimit"));
  if (limit && *limit > 0) options += ",size=" + std::to_string(*limit / 1000);
  if (::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
    return Problem("tmpfs at " + path + ": " + std::strerror(errno));
  return shared_directory(context, path);
}

Path host_path(const Json& source) {
  const std::string path = string_member(source, "path");
  const std::string type = string_member(source, "type");
  std::error_code error;
  if (type == "DirectoryOrCreate") fs::create_directories(path, error);
  if (!fs::exists(path, error)) return Problem("hostPath type check failed: " + path + " does not exist");
  return path;
}

Path claim(const VolumeContext& context, const Json& source) {
  const std::string name = string_member(source, "claimName");
  const auto object = context.find(Resource::persistentvolumeclaims, name);
  if (!object) return Problem("persistentvolumeclaim \"" + name + "\" not found");
  if (string_member(child(*object, "status"), "phase") != "Bound")
    return Problem("pod has unbound immediate PersistentVolumeClaims");
  return shared_directory(context, context.claims + "/" + string_member((*object)["metadata"], "uid"));
}

// One source of a projected volume, or a volume of its own: adds its files.
std::optional<std::string> add_object(const VolumeContext& context, Resource resource, const Json& source,
                                      const char* name_member, mode_t mode, Payload& payload) {
  const std::string name = string_member(source, name_member);
  const char* kind = resource == Resource::secrets ? "secret" : "configmap";
  const auto object = context.find(resource, name);
  if (!object)
    return is_optional(source) ? std::nullopt
                               : std::optional(std::string(kind) + " \"" + name + "\" not found");
  const auto contents = contents_of(resource, *object);
  const Json& items = child(source, "items");
  if (!items.is_array() || items.empty()) {
    for (const auto& [key, text] : contents) payload[key] = {text, mode};
    return {};
  }
  for (const auto& item : items) {
    const std::string key = string_member(item, "key");
    const auto found = contents.find(key);
    if (found != contents.end()) {
      payload[string_member(item, "path")] = {found->second, mode_of(item, "mode", mode)};
    } else if (!is_optional(source)) {
      return std::string(kind) + " references non-existent config key: " + key;
    }
  }
  return {};
}

std::optional<std::string> add_downward(const VolumeContext& context, const Json& source, mode_t mode,
                                        Payload& payload) {
  for (const auto& item : child(source, "items")) {
    const bool field = item.contains("fieldRef");
    const auto value =
        field ? field_of_pod(context.pod, string_member(item["fieldRef"], "fieldPath"))
              : resource_of(context.pod, Json::object(), child(item, "resourceFieldRef"), context.node);
    if (!value) return value.error();
    payload[string_member(item, "path")] = {*value, mode_of(item, "mode", mode)};
  }
  return {};
}

std::optional<std::string> add_projected(const VolumeContext& context, const Json& volume, mode_t mode,
                                         Payload& payload) {
  for (const auto& source : child(volume, "sources")) {
    std::optional<std::string> problem;
    if (source.contains("serviceAccountToken")) {
      const bool owned = context.owner.user || context.owner.group;
      payload[string_member(source["serviceAccountToken"], "path")] = {context.token(),
                                                                       owned ? mode_t(0600) : mode};
    } else if (source.contains("configMap")) {
      const Json& from = source["configMap"];
      // The certificate authority is in a ConfigMap that kube-controller-manager puts into every namespace.
      if (string_member(from, "name") == "kube-root-ca.crt" &&
          !context.find(Resource::configmaps, "kube-root-ca.crt")) {
        payload["ca.crt"] = {context.ca_pem, mode};
      } else {
        problem = add_object(context, Resource::configmaps, from, "name", mode, payload);
      }
    } else if (source.contains("secret")) {
      problem = add_object(context, Resource::secrets, source["secret"], "name", mode, payload);
    } else if (source.contains("downwardAPI")) {
      problem = add_downward(context, source["downwardAPI"], mode, payload);
    } else {
      problem = "a projected source that this kubelet does not know: " + dump(source);
    }
    if (problem) return problem;
  }
  return {};
}

Path files(const VolumeContext& context, const std::string& path, const Payload& payload) {
  if (auto problem = write_payload(path, payload, context.owner.user, context.owner.group))
    return Problem(*problem);
  return path;
}

Path make_volume(const VolumeContext& context, const Json& volume, const std::string& path) {
  if (volume.contains("emptyDir")) return empty_dir(context, volume["emptyDir"], path);
  if (volume.contains("hostPath")) return host_path(volume["hostPath"]);
  if (volume.contains("persistentVolumeClaim")) return claim(context, volume["persistentVolumeClaim"]);
  Payload payload;
  std::optional<std::string> problem;
  if (volume.contains("configMap")) {
    const Json& source = volume["configMap"];
    problem = add_object(context, Resource::configmaps, source, "name", mode_of(source, "defaultMode", 0644),
                         payload);
  } else if (volume.contains("secret")) {
    const Json& source = volume["secret"];
    problem = add_object(context, Resource::secrets, source, "secretName",
                         mode_of(source, "defaultMode", 0644), payload);
  } else if (volume.contains("downwardAPI")) {
    const Json& source = volume["downwardAPI"];
    problem = add_downward(context, source, mode_of(source, "defaultMode", 0644), payload);
  } else if (volume.contains("projected")) {
    const Json& source = volume["projected"];
    problem = add_projected(context, source, mode_of(source, "defaultMode", 0644), payload);
  } else {
    problem = "this kubelet knows no such volume: " + dump(volume);
  }
  if (problem)
    return Problem("MountVolume.SetUp failed for volume \"" + string_member(volume, "name") +
                   "\" : " + *problem);
  return files(context, path, payload);
}

}  // namespace

tl::expected<VolumePaths, std::string> prepare_volumes(const VolumeContext& context) {
  VolumePaths paths;
  const Json& spec = child(context.pod, "spec");
  for (const auto& volume : child(spec, "volumes")) {
    const std::string name = string_member(volume, "name");
    auto path = make_volume(context, volume, context.directory + "/" + name);
    if (!path) return Problem(path.error());
    paths[name] = std::move(*path);
  }
  const auto automount = spec.find("automountServiceAccountToken");
  if (automount != spec.end() && automount->is_boolean() && !automount->get<bool>()) return paths;
  const bool owned = context.owner.user || context.owner.group;
  const Payload payload{{"token", {context.token(), owned ? mode_t(0600) : mode_t(0644)}},
                        {"ca.crt", {context.ca_pem, 0644}},
                        {"namespace", {string_member(child(context.pod, "metadata"), "namespace"), 0644}}};
  auto path = files(context, context.directory + "/" + access_volume, payload);
  if (!path) return Problem(path.error());
  paths[access_volume] = std::move(*path);
  return paths;
}

void remove_volumes(const std::string& directory) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored))
    ::umount2(entry.path().c_str(), MNT_DETACH);  // fails for what is no mount, which is well
  fs::remove_all(directory, ignored);
}

}  // namespace outrigger::apiserver

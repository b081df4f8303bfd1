#include <string>
#include <utility>

#include "agent/core/id_book.h"
#include "agent/core/limits.h"
#include "agent/core/pod_template.h"

namespace outrigger::core {
namespace {

using Refused = tl::unexpected<TemplateRefusal>;

Refused refuse(std::string path, std::string why) {
  return Refused(TemplateRefusal{std::move(path), std::move(why)});
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 60;
  std::string out;
  for (const char c : text.substr(0, most)) out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return "'" + out + (text.size() > most ? "...'" : "'");
}

bool has_slot_byte(std::string_view text) {
  return text.find(id_slot) != std::string_view::npos || text.find(pod_uid_slot) != std::string_view::npos;
}

// $.metadata.labels.app, but $.metadata.labels["spark-exec-id"].
std::string child_path(const std::string& path, std::string_view key) {
  bool plain = !key.empty();
  for (const char c : key)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
  if (plain) return path + "." + std::string(key);
  std::string out = path + "[";
  append_quoted(out, key);
  return out + "]";
}

std::string child_path(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

class Walk {
 public:
  explicit Walk(std::vector<std::string> ids) : ids_(std::move(ids)) {}

  tl::expected<Json, TemplateRefusal> trees(const std::vector<const Json*>& all, const std::string& path,
                                            std::size_t depth);
  std::vector<std::string> take_slots() { return std::move(slots_); }

 private:
  using Texts = std::vector<const std::string*>;
  tl::expected<std::string, TemplateRefusal> texts(const Texts& all, const std::string& path, bool whole);
  tl::expected<Json, TemplateRefusal> arrays(const std::vector<const Json*>& all, const std::string& path,
                                             std::size_t depth);
  tl::expected<Json, TemplateRefusal> objects(const std::vector<const Json*>& all, const std::string& path,
                                              std::size_t depth);

  std::vector<std::string> ids_;
  std::vector<std::string> slots_;
};

// The ids differ pairwise in every digit, so where the texts agree they are constant, and where they differ each
// must stand at the beginning of its own id: there is never a choice.
tl::expected<std::string, TemplateRefusal> Walk::texts(const Texts& all, const std::string& path,
                                                       bool whole) {
  const std::string& first = *all[0];
  const auto differs = [&](std::size_t k, const std::string& why) {
    return refuse(path, shown(first) + " for id " + ids_[0] + ", " + shown(*all[k]) + " for id " + ids_[k] +
                            ": " + why);
  };
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (has_slot_byte(*all[k])) return refuse(path, "holds bytes that are not UTF-8");
    if (all[k]->size() != first.size())
      return differs(k, "the lengths differ, so it does not derive from the executor id");
  }
  const std::size_t digits = ids_[0].size();
  std::string out;
  bool slotted = false;
  for (std::size_t at = 0; at < first.size();) {
    std::size_t other = 0;
    for (std::size_t k = 1; k < all.size() && other == 0; ++k)
      if ((*all[k])[at] != first[at]) other = k;
    if (other == 0) {
      out += first[at++];
      continue;
    }
    for (std::size_t k = 0; k < all.size(); ++k)
      if (all[k]->compare(at, digits, ids_[k]) != 0)
        return differs(k == 0 ? other : k,
                       "the difference at byte " + std::to_string(at) + " is not the executor id");
    out += id_slot;
    slotted = true;
    at += digits;
  }
  if (slotted && whole && out.size() != 1) return differs(1, "a number that is not the executor id itself");
  if (slotted) slots_.push_back(path);
  return out;
}

tl::expected<Json, TemplateRefusal> Walk::arrays(const std::vector<const Json*>& all, const std::string& path,
                                                 std::size_t depth) {
  Json out = Json::array();
  for (std::size_t k = 1; k < all.size(); ++k)
    if (all[k]->items().size() != all[0]->items().size())
      return refuse(path, std::to_string(all[0]->items().size()) + " items for id " + ids_[0] + ", " +
                              std::to_string(all[k]->items().size()) + " for id " + ids_[k]);
  for (std::size_t i = 0; i < all[0]->items().size(); ++i) {
    std::vector<const Json*> items;
    for (const Json* each : all) items.push_back(&each->items()[i]);
    auto item = trees(items, child_path(path, i), depth + 1);
    if (!item) return item;
    out.items().push_back(std::move(*item));
  }
  return out;
}

// Members are matched by key; one that another sample lacks, by position, with the id in the key.
tl::expected<Json, TemplateRefusal> Walk::objects(const std::vector<const Json*>& all,
                                                  const std::string& path, std::size_t depth) {
  Json out = Json::object();
  if (all[0]->members().size() > limits::json_members)
    return refuse(path, "has more than " + std::to_string(limits::json_members) + " members");
  for (std::size_t k = 1; k < all.size(); ++k)
    if (all[k]->members().size() != all[0]->members().size()) {
      for (const JsonMember& member : all[0]->members())
        if (all[k]->find(member.key) == nullptr)
          return refuse(child_path(path, member.key),
                        "is there for id " + ids_[0] + ", missing for id " + ids_[k]);
      return refuse(path, "has more members for id " + ids_[k] + " than for id " + ids_[0]);
    }
  for (std::size_t i = 0; i < all[0]->members().size(); ++i) {
    const JsonMember& lead = all[0]->members()[i];
    std::vector<const Json*> values{&lead.value};
    Texts keys{&lead.key};
    for (std::size_t k = 1; k < all.size(); ++k) {
      const JsonMember& there = all[k]->members()[i];
      const Json* same = there.key == lead.key ? &there.value : all[k]->find(lead.key);
      values.push_back(same != nullptr ? same : &there.value);
      keys.push_back(same != nullptr ? &lead.key : &there.key);
    }
    auto key = texts(keys, child_path(path, lead.key), false);
    if (!key) return tl::unexpected(key.error());
    if (out.find(*key) != nullptr) return refuse(child_path(path, lead.key), "two members become the same");
    auto value = trees(values, child_path(path, lead.key), depth + 1);
    if (!value) return value;
    out.members().push_back({std::move(*key), std::move(*value)});
  }
  return out;
}

tl::expected<Json, TemplateRefusal> Walk::trees(const std::vector<const Json*>& all, const std::string& path,
                                                std::size_t depth) {
  if (depth > limits::json_depth)
    return refuse(path, "is nested deeper than " + std::to_string(limits::json_depth) + " levels");
  for (std::size_t k = 1; k < all.size(); ++k)
    if (all[k]->kind() != all[0]->kind())
      return refuse(path, std::string(to_string(all[0]->kind())) + " for id " + ids_[0] + ", " +
                              std::string(to_string(all[k]->kind())) + " for id " + ids_[k]);
  switch (all[0]->kind()) {
    case Json::Kind::null:
      return Json{};
    case Json::Kind::boolean:
      for (std::size_t k = 1; k < all.size(); ++k)
        if (all[k]->truth() != all[0]->truth())
          return refuse(path, "true or false by executor: that does not derive from the id");
      return *all[0];
    case Json::Kind::array:
      return arrays(all, path, depth);
    case Json::Kind::object:
      return objects(all, path, depth);
    case Json::Kind::string:
    case Json::Kind::number:
      break;
  }
  const bool number = all[0]->kind() == Json::Kind::number;
  Texts keys;
  for (const Json* each : all) keys.push_back(&each->text());
  auto text = texts(keys, path, number);
  if (!text) return tl::unexpected(text.error());
  return number ? Json::number(std::move(*text)) : Json::string(std::move(*text));
}

tl::expected<std::vector<std::string>, TemplateRefusal> check_ids(
    const std::vector<TemplateSample>& samples) {
  if (samples.size() < 2 || samples.size() > limits::template_samples)
    return refuse({}, std::to_string(samples.size()) + " samples: a template needs 2 to " +
                          std::to_string(limits::template_samples));
  std::vector<std::string> ids;
  for (const TemplateSample& sample : samples) {
    ids.push_back(std::to_string(sample.id.value));
    if (sample.id.value == 0) return refuse({}, "0 is no executor id");
    if (ids.back().size() > limits::id_digits)
      return refuse({},
                    "id " + ids.back() + " has more than " + std::to_string(limits::id_digits) + " digits");
    if (sample.extras.size() > limits::template_extras)
      return refuse({}, std::to_string(sample.extras.size()) + " extra resources are more than " +
                            std::to_string(limits::template_extras));
    for (std::size_t k = 0; k + 1 < ids.size(); ++k) {
      if (ids[k].size() != ids.back().size())
        return refuse({}, "ids " + ids[k] + " and " + ids.back() + " have different numbers of digits");
      for (std::size_t d = 0; d < ids[k].size(); ++d)
        if (ids[k][d] == ids.back()[d])
          return refuse({}, "ids " + ids[k] + " and " + ids.back() + " share digit " + std::to_string(d + 1) +
                                ": take ids that differ in every digit, as 1111 and 2222");
    }
  }
  return ids;
}

}  // namespace

tl::expected<SlottedPod, TemplateRefusal> diff_samples(const std::vector<TemplateSample>& samples) {
  auto ids = check_ids(samples);
  if (!ids) return tl::unexpected(ids.error());
  SlottedPod out;
  out.digits = static_cast<std::uint8_t>(ids->front().size());
  const std::string first_id = ids->front();
  Walk walk(std::move(*ids));

  std::vector<const Json*> pods;
  for (const TemplateSample& sample : samples) {
    if (sample.extras.size() != samples[0].extras.size())
      return refuse("$extra", std::to_string(samples[0].extras.size()) + " extra resources for id " +
                                  first_id + ", " + std::to_string(sample.extras.size()) + " for id " +
                                  std::to_string(sample.id.value));
    pods.push_back(&sample.pod);
  }
  auto pod = walk.trees(pods, "$", 1);
  if (!pod) return tl::unexpected(pod.error());
  out.pod = std::move(*pod);
  for (std::size_t i = 0; i < samples[0].extras.size(); ++i) {
    std::vector<const Json*> extras;
    for (const TemplateSample& sample : samples) extras.push_back(&sample.extras[i]);
    auto extra = walk.trees(extras, "$extra" + child_path("", i), 1);
    if (!extra) return tl::unexpected(extra.error());
    out.extras.push_back(std::move(*extra));
  }
  out.slots = walk.take_slots();
  return out;
}

}  // namespace outrigger::core

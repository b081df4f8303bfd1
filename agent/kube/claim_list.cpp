#include "agent/kube/claim_list.h"

#include <utility>

#include "agent/kube/json_parse.h"
#include "agent/kube/timestamp.h"

namespace outrigger::kube {
namespace {

// Exactly one: of two owners either keeps the claim alive, so it is not the driver's alone.
core::PodUid owner_of(const core::Json& claim) {
  const core::Json* owners = claim.at({"metadata", "ownerReferences"});
  if (owners == nullptr || owners->items().size() != 1) return {};
  return core::parse_uid(owners->items()[0].text_at({"uid"})).value_or(core::PodUid{});
}

}  // namespace

Result<ClaimPage> read_claims(std::string_view body) {
  auto list = parse_json(body);
  if (!list) return tl::unexpected(list.error());
  const core::Json* items = list->find("items");
  if (list->text_at({"kind"}) != "PersistentVolumeClaimList" || items == nullptr)
    return fail("the answer is no PersistentVolumeClaimList");
  ClaimPage page;
  page.continue_token = list->text_at({"metadata", "continue"});
  for (core::Json item : items->items()) {
    item.set("kind", core::Json::string("PersistentVolumeClaim"));  // items of a list have none
    auto shape = core::shape_of(item);
    const std::string_view name = item.text_at({"metadata", "name"});
    if (!shape || name.empty()) continue;
    core::Claim claim{std::string(name), std::move(*shape), owner_of(item)};
    claim.created_at_ms = parse_timestamp(item.text_at({"metadata", "creationTimestamp"})).value_or(0);
    claim.usable = item.text_at({"metadata", "deletionTimestamp"}).empty() &&
                   item.text_at({"status", "phase"}) != "Lost";
    page.claims.push_back(std::move(claim));
  }
  return page;
}

}  // namespace outrigger::kube

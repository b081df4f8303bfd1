// One page of a list of PersistentVolumeClaims (S14). A cold path: asked for when an executor may get a claim again.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/claim.h"
#include "agent/core/result.h"

namespace outrigger::kube {

struct ClaimPage {
  std::vector<core::Claim> claims;  // those that ask for no size cannot serve anybody: left out
  std::string continue_token;       // empty: the last page
};

// The error says what is wrong with the answer.
Result<ClaimPage> read_claims(std::string_view body);

}  // namespace outrigger::kube

// From rendered pods as text to templates in force: parse, compare, force identity, check the policy, shelve (S1-S3, C22).
#pragma once
#include "agent/core/command.h"
#include "agent/core/resync.h"
#include "agent/flow/state.h"

namespace outrigger::flow {

core::Admission take_template(State& state, const core::PostTemplate& post);
core::Admission take_rendered(State& state, const core::PostRendered& post);

}  // namespace outrigger::flow

// Defaults and validation of everything that is not a pod.
#pragma once
#include <cstdint>
#include <vector>

#include "tests/apiserver/api/status.h"
#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {

// Defaults of the type, those that managedFields give to the creator; pods too.
void default_object(Resource resource, Json& object);
// What the server itself gives a new object: cluster addresses, the first status. `serial` is new for each object.
void allot(Resource resource, Json& object, std::uint64_t serial);

void validate_other(Resource resource, const Json& object, std::vector<StatusCause>& causes);
void validate_other_update(Resource resource, const Json& before, const Json& after,
                           std::vector<StatusCause>& causes);

}  // namespace outrigger::apiserver

// fieldsV1 as the real server computes it, for sizes and shapes that are true to life.
#pragma once
#include <string>

#include "tests/apiserver/base/json.h"
#include "tests/apiserver/store/object.h"

namespace outrigger::apiserver {

// Of an object or a patch: labels, annotations, spec, data; not status.
Json owned_fields(const Json& object);
// Of a status.
Json owned_status_fields(const Json& status);

// Records that `manager` wrote `fields`; an entry it already has is extended.
void note_manager(Meta& meta, const std::string& manager, const std::string& subresource,
                  const std::string& time, const Json& fields, bool applied = false);

}  // namespace outrigger::apiserver

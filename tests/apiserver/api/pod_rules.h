// What the API server does to a pod on its way in: decoding errors, defaults, validation, immutability.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tests/apiserver/api/status.h"
#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {

// Reads the body of a create or update. The errors are the 400s of the real decoder.
Outcome<Json> decode_object(Resource resource, const std::string& body, std::string_view content_type);

// The same, whatever the content type.
Outcome<Json> decode_json(Resource resource, const std::string& body);

// Paths of members that the type does not have, as in "spec.notAField".
std::vector<std::string> unknown_fields(Resource resource, const Json& object);

// Defaults of the type, those that managedFields give to the creator.
void default_pod(Json& pod);
// Additions of admission plugins, which managedFields do not mention.
void admit_pod(Json& pod);
std::string qos_class(const Json& spec);

std::vector<StatusCause> validate_create(Resource resource, const Json& object);
// Causes when an update touches what may not change.
std::vector<StatusCause> validate_update(Resource resource, const Json& before, const Json& after);

}  // namespace outrigger::apiserver

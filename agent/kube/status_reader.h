// Private to the decoders: a metav1.Status on demand.
#pragma once
#include "agent/kube/json_reader.h"
#include "agent/kube/status_decoder.h"

namespace outrigger::kube {

// `kind` receives the object's kind, so that a caller can tell a Status from other JSON.
bool read_status(JsonReader& json, StatusFields& out, std::string& kind);

}  // namespace outrigger::kube

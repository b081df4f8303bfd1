#include "agent/kube/http_message.h"

namespace outrigger::kube {

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::get:
      return "get";
    case Verb::list:
      return "list";
    case Verb::watch:
      return "watch";
    case Verb::create:
      return "create";
    case Verb::remove:
      return "delete";
    case Verb::remove_collection:
      return "deletecollection";
    case Verb::patch:
      return "patch";
  }
  return "unknown";
}

std::string_view http_method(Verb verb) {
  switch (verb) {
    case Verb::get:
    case Verb::list:
    case Verb::watch:
      return "GET";
    case Verb::create:
      return "POST";
    case Verb::remove:
    case Verb::remove_collection:
      return "DELETE";
    case Verb::patch:
      return "PATCH";
  }
  return "GET";
}

std::string_view ResponseHead::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

}  // namespace outrigger::kube

// One recorded exchange of tests/fixtures/transcripts as values.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "agent/core/result.h"
#include "agent/kube/http_message.h"

namespace outrigger::support {

struct Transcript {
  std::string name;  // file name without .http
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> request_headers;  // names in lower case
  std::string request_body;
  kube::ResponseHead head;
  std::string body;  // chunked coding removed, except in watch-chunked-framing-raw
};

Result<Transcript> parse_transcript(std::string name, const std::string& text);
// Throws with the file's name: a test without its fixture is broken.
Transcript load_transcript(const std::string& name);
std::vector<std::string> transcript_names();  // all, sorted

}  // namespace outrigger::support

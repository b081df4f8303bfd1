#include "tests/support/transcript.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace outrigger::support {
namespace {

const std::filesystem::path& folder() {
  static const std::filesystem::path path =
      std::filesystem::path(OUTRIGGER_SOURCE_DIR) / "tests" / "fixtures" / "transcripts";
  return path;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// Takes one line off the front.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

bool take_headers(std::string_view& text, std::vector<std::pair<std::string, std::string>>& out) {
  std::string_view line;
  while (take_line(text, line)) {
    if (line.empty()) return true;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return false;
    out.emplace_back(lower(line.substr(0, colon)), std::string(line.substr(colon + 2)));
  }
  return false;
}

}  // namespace

Result<Transcript> parse_transcript(std::string name, const std::string& text) {
  Transcript out;
  out.name = std::move(name);
  std::string_view rest = text;
  std::string_view line;
  if (!take_line(rest, line)) return fail(out.name + ": no request line");
  const std::size_t first = line.find(' '), second = line.rfind(' ');
  if (first == std::string_view::npos || first == second) return fail(out.name + ": bad request line");
  out.method = std::string(line.substr(0, first));
  out.target = std::string(line.substr(first + 1, second - first - 1));
  if (!take_headers(rest, out.request_headers)) return fail(out.name + ": bad request headers");

  for (const auto& [header, value] : out.request_headers) {
    if (header != "content-length") continue;
    std::size_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    if (rest.size() < length + 2 || rest.substr(length, 2) != "\n\n")
      return fail(out.name + ": the request body is not Content-Length long");
    out.request_body = std::string(rest.substr(0, length));
    rest.remove_prefix(length + 2);
  }

  if (!take_line(rest, line) || line.substr(0, 9) != "HTTP/1.1 " || line.size() < 12)
    return fail(out.name + ": bad status line");
  std::from_chars(line.data() + 9, line.data() + 12, out.head.code);
  if (!take_headers(rest, out.head.headers)) return fail(out.name + ": bad response headers");
  out.body = std::string(rest);
  return out;
}

Transcript load_transcript(const std::string& name) {
  const auto path = folder() / (name + ".http");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("no transcript " + path.string());
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto parsed = parse_transcript(name, text);
  if (!parsed) throw std::runtime_error(parsed.error().text);
  return std::move(*parsed);
}

std::vector<std::string> transcript_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() == ".http") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace outrigger::support

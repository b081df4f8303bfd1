#include "agent/ctl/template_check.h"

#include <fstream>
#include <iterator>
#include <ostream>
#include <sstream>

#include "agent/core/limits.h"
#include "agent/core/pod_template.h"
#include "agent/ctl/cli.h"
#include "agent/ctl/text.h"
#include "agent/kube/json_parse.h"

namespace outrigger::ctl {
namespace {

Result<std::string> read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  if (!in) return fail(name + ": cannot be opened");
  std::string text;
  text.resize(core::limits::template_bytes + 1);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > core::limits::template_bytes)
    return fail(name + ": larger than " + std::to_string(core::limits::template_bytes) +
                " bytes, the bound of one rendered pod");
  return text;
}

// Environment values may be secrets (S5).
void hide_environment(core::Json& value) {
  for (core::Json& item : value.items()) hide_environment(item);
  for (core::JsonMember& member : value.members()) {
    if (member.key == "env" && member.value.is_array()) {
      for (core::Json& variable : member.value.items()) {
        if (variable.find("value") != nullptr)
          variable.set("value", core::Json::string("<hidden, see --show-env>"));
      }
    } else {
      hide_environment(member.value);
    }
  }
}

}  // namespace

int check_template(const TemplateCheck& check, std::ostream& out, std::ostream& err) {
  std::vector<core::TemplateSample> samples;
  for (const TemplateCheck::Sample& sample : check.samples) {
    const auto text = read_file(sample.file);
    if (!text) {
      err << "error: " << text.error().text << '\n';
      return exit_failed;
    }
    auto pod = kube::parse_json(*text);
    if (!pod) {
      err << "error: " << sample.file << ": " << pod.error().text << '\n';
      return exit_failed;
    }
    samples.push_back({sample.id, std::move(*pod), {}});
  }
  auto slotted = core::diff_samples(samples);
  if (!slotted) {
    err << "error: not a template: " << printable(slotted.error().text()) << '\n';
    return exit_failed;
  }
  if (!check.stamp) {
    out << "a template for executor ids of " << int{slotted->digits} << " digits, " << slotted->slots.size()
        << " slots:\n";
    for (const std::string& slot : slotted->slots) out << "  " << printable(slot) << '\n';
    return exit_ok;
  }
  const std::string id = std::to_string(check.stamp->value);
  if (id.size() != slotted->digits) {
    err << "error: --stamp " << id << ": these samples make a template for ids of " << int{slotted->digits}
        << " digits\n";
    return exit_failed;
  }
  if (!check.show_env) hide_environment(slotted->pod);
  const auto text = core::write_json(slotted->pod);
  if (!text) {
    err << "error: " << text.error().text << '\n';
    return exit_failed;
  }
  out << core::Stamp(*text)(id) << '\n';
  return exit_ok;
}

}  // namespace outrigger::ctl

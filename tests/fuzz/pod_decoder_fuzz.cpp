// No bytes make a decoder read outside them, hang, or give half a pod. What is decoded once is decoded the same
// again, into a value that was used before.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "agent/core/limits.h"
#include "agent/kube/json_parse.h"
#include "agent/kube/pod_decoder.h"
#include "agent/kube/status_decoder.h"

namespace {

using namespace outrigger;

void expect(bool truth) {
  if (!truth) std::abort();
}

void check(const core::Pod& pod) {
  expect(!pod.name.empty() && !pod.uid.empty());
  expect(pod.message.size() <= core::limits::message_bytes);
  expect(pod.executor.message.size() <= core::limits::message_bytes);
  expect(pod.unscheduled_message.size() <= core::limits::message_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static kube::PodDecoder decoder;
  static kube::WatchFrame frame;
  static kube::ListPage page;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // An exact buffer, so that the sanitizer sees a read behind the padding.
  const auto bytes = std::make_unique<char[]>(size + kube::json_padding);
  std::memcpy(bytes.get(), data, size);
  std::memset(bytes.get() + size, '}', kube::json_padding);  // the worst padding there is
  const auto padded = kube::Padded::trusted({bytes.get(), size});

  if (decoder.frame(padded, frame)) {
    if (const auto* applied = std::get_if<core::PodApplied>(&frame.event);
        applied != nullptr && frame.type != kube::FrameType::error) {
      check(applied->pod);
      const core::Pod first = applied->pod;
      kube::PodDecoder fresh;
      kube::WatchFrame again;
      expect(fresh.frame(padded, again).has_value());
      expect(std::get<core::PodApplied>(again.event).pod == first);
    }
  }
  if (decoder.page(padded, page)) {
    for (std::size_t i = 0; i < page.count; ++i) check(page.pods[i]);
  }
  core::Pod pod;
  if (decoder.pod(padded, pod)) check(pod);

  const core::ApiError error = kube::decode_error({500, {}}, text);
  expect(error.error_class != core::ApiErrorClass::none &&
         error.message.size() <= core::limits::message_bytes);
  if (const auto json = kube::parse_json(text)) expect(core::depth_within(*json));
  return 0;
}

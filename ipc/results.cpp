#include "ipc/results.h"

#include <algorithm>
#include <array>

namespace outrigger::ipc {

std::optional<Result> read_result(const StateView& view, std::uint64_t epoch, std::uint64_t command_id) {
  const ResultCell& cell = view.results[command_id % limits::results];
  // The same discipline as a record cell (snapshot_reader.cpp); torn means that it is being written: look again later.
  const std::uint64_t word0 = cell.words[0].load_acquire();
  if (word0 == 0 || (word0 & 1)) return std::nullopt;
  std::array<std::uint64_t, 48> words;
  for (std::size_t i = 1; i < words.size(); ++i) words[i] = cell.words[i].load_acquire();
  if (cell.words[0].load_relaxed() != word0 || words[1] != epoch || words[2] != command_id)
    return std::nullopt;
  const std::size_t size = std::min<std::size_t>(words[3] >> 16 & 0xFFFF, limits::detail_bytes);
  return Result{epoch, command_id, static_cast<std::uint16_t>(words[3]),
                std::string(reinterpret_cast<const char*>(&words[4]), size)};
}

}  // namespace outrigger::ipc

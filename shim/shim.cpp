// Opening, closing and the latest failure. Argument checks and copies only; the logic is in session.h.
#include "outrigger/shim.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "shim/handle.h"
#include "shim/ipc_channel.h"
#include "shim/nonce.h"
#include "shim/record.h"

using namespace outrigger::shim;

namespace {

constexpr std::size_t application_bytes_max = 63;  // it is a label's value
constexpr std::size_t version_bytes_max = 63;
constexpr std::size_t directory_bytes_max = 4095;

bool label_value(std::string_view text) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= application_bytes_max && std::all_of(text.begin(), text.end(), ok);
}

// strnlen: a pointer to something endless is an error, not a crash far away.
std::string_view view_of(const char* text, std::size_t bytes_max) {
  return text == nullptr ? std::string_view{} : std::string_view{text, strnlen(text, bytes_max + 1)};
}

// Empty: fine. Otherwise the line that names the option and the way out.
std::string check(const outrigger_options& options) {
  const auto directory = view_of(options.run_directory, directory_bytes_max);
  if (directory.empty() || directory.size() > directory_bytes_max)
    return "run_directory: give the directory that holds the agent's `state` and `agent.sock`";
  if (!label_value(view_of(options.application_id, application_bytes_max)))
    return "application_id: must be 1 to 63 letters, digits, '-', '_' or '.'";
  if (view_of(options.client_version, version_bytes_max).size() > version_bytes_max)
    return "client_version: longer than " + std::to_string(version_bytes_max) + " bytes";
  if (options.nonce != nullptr && !valid_nonce(view_of(options.nonce, nonce_max_bytes)))
    return "nonce: must be 8 to 32 of a-z and 0-9, or null to have one made";
  if (options.id_block_size > DesiredState::block_max)
    return "id_block_size: " + std::to_string(options.id_block_size) + " is over the bound of " +
           std::to_string(DesiredState::block_max);
  if (options.first_executor_id > DesiredState::id_max)
    return "first_executor_id: " + std::to_string(options.first_executor_id) + " is over the bound of " +
           std::to_string(DesiredState::id_max);
  return {};
}

Session::Options session_options(const outrigger_options& options) {
  Session::Options out;
  out.hello.nonce = options.nonce != nullptr ? options.nonce : make_nonce();
  out.hello.application_id = options.application_id;
  out.hello.client_version = options.client_version != nullptr ? options.client_version : "unnamed";
  out.desired.first_id = std::max<std::uint64_t>(1, options.first_executor_id);
  if (options.id_block_size != 0) out.desired.id_block_size = options.id_block_size;
  out.manual_ids = options.manual_ids != 0;
  return out;
}

outrigger_code refuse(outrigger_code code, const std::string& why, char* text, std::size_t bytes) {
  if (text != nullptr && bytes != 0) copy_text(why, text, bytes);
  return code;
}

}  // namespace

extern "C" {

outrigger_code outrigger_open(const outrigger_options* options, outrigger_session** session, char* error_text,
                              size_t error_text_bytes) {
  try {
    if (error_text != nullptr && error_text_bytes != 0) error_text[0] = '\0';
    if (session == nullptr)
      return refuse(OUTRIGGER_ERROR_ARGUMENT, "session: null", error_text, error_text_bytes);
    *session = nullptr;
    if (options == nullptr || options->struct_size < sizeof(outrigger_options))
      return refuse(OUTRIGGER_ERROR_ARGUMENT,
                    "options: null, or struct_size is not sizeof(outrigger_options)", error_text,
                    error_text_bytes);
    if (const std::string wrong = check(*options); !wrong.empty())
      return refuse(OUTRIGGER_ERROR_ARGUMENT, wrong, error_text, error_text_bytes);
    Session::Options wanted = session_options(*options);
    if (wanted.hello.nonce.empty())
      return refuse(OUTRIGGER_ERROR_SYSTEM, "getrandom gave no bytes: pass a nonce", error_text,
                    error_text_bytes);
    auto handle =
        std::make_unique<outrigger_session>(std::move(wanted), make_ipc_channel(options->run_directory));
    {
      Lock lock(handle->mutex);
      step_and_connect(*handle, lock);
    }
    *session = handle.release();
    return OUTRIGGER_OK;
  } catch (const std::bad_alloc&) {
    return OUTRIGGER_ERROR_MEMORY;
  } catch (...) {
    return OUTRIGGER_ERROR_INTERNAL;
  }
}

void outrigger_close(outrigger_session* session) {
  try {
    delete session;
  } catch (...) {  // nothing to tell it to
  }
}

outrigger_code outrigger_read_nonce(outrigger_session* session, char* text, size_t text_bytes) {
  return guarded(session, [&](outrigger_session& h, auto&) {
    if (text == nullptr || text_bytes <= h.session.nonce().size())
      return bad_argument(h, "text: null, or smaller than OUTRIGGER_NONCE_BYTES");
    copy_text(h.session.nonce(), text, text_bytes);
    return OUTRIGGER_OK;
  });
}

outrigger_code outrigger_last_error(outrigger_session* session, char* text, size_t text_bytes) {
  return guarded(session, [&](outrigger_session& h, auto&) {
    if (text != nullptr && text_bytes != 0) copy_text(h.last_text, text, text_bytes);
    return h.last_code;
  });
}

}  // extern "C"

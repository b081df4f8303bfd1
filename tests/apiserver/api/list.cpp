#include <charconv>

#include "tests/apiserver/api/api.h"
#include "tests/apiserver/store/continue_token.h"

namespace outrigger::apiserver {
namespace {

class ListBody final : public BodySource {
 public:
  ListBody(std::string head, std::vector<SnapshotPtr> items, View view)
      : head_(std::move(head)), items_(std::move(items)), view_(view) {}
  State fill(ChunkWriter& out) override {
    std::string piece = std::exchange(head_, {});
    while (next_ < items_.size() && piece.size() < fill_bytes) {
      if (next_ > 0) piece += ',';
      append_list_item(piece, *items_[next_], view_);
      items_[next_++].reset();
    }
    const bool last = next_ == items_.size();
    if (last) piece += "]}\n";
    out.chunk(piece);
    return last ? State::done : State::more;
  }
  void closed() override { items_.clear(); }

 private:
  std::string head_;
  std::vector<SnapshotPtr> items_;
  std::size_t next_ = 0;
  View view_;
};

std::optional<Rv> parse_rv(std::string_view text) {
  Rv value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return {};
  return value;
}

HttpResponse forbidden_option(std::string_view why) {
  const StatusCause cause{"FieldValueForbidden", "Forbidden: " + std::string(why), "resourceVersionMatch"};
  return status::invalid("meta.k8s.io", "ListOptions", "", {cause});
}

std::optional<HttpResponse> check_match(const ApiRequest& api) {
  const auto match = api.option("resourceVersionMatch");
  if (match.empty()) return {};
  if (api.option("resourceVersion").empty())
    return forbidden_option("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (!api.option("continue").empty())
    return forbidden_option("resourceVersionMatch is forbidden when continue is provided");
  if (match != "Exact" && match != "NotOlderThan") {
    const StatusCause cause{
        "FieldValueNotSupported",
        "Unsupported value: " + json_string(match) + ": supported values: \"Exact\", \"NotOlderThan\", \"\"",
        "resourceVersionMatch"};
    return status::invalid("meta.k8s.io", "ListOptions", "", {cause});
  }
  if (match == "Exact" && api.option("resourceVersion") == "0") {
    return forbidden_option("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  return {};
}

struct Plan {
  ListQuery query;
  Rv wait = 0;         // must be reached first
  bool exact = false;  // query.at is fixed, else the newest
  std::optional<ContinueToken> token;
};

Outcome<Plan> plan_list(const ApiRequest& api) {
  Plan plan;
  plan.query.resource = *api.resource;
  plan.query.name_space = api.name_space;
  const std::string_view rv_text = api.option("resourceVersion");
  const auto limit = parse_rv(api.option("limit"));
  plan.query.limit = static_cast<std::size_t>(limit.value_or(0));
  if (auto refused = check_match(api)) return tl::unexpected(std::move(*refused));
  if (const auto text = api.option("continue"); !text.empty()) {
    if (!rv_text.empty() && rv_text != "0") {
      return tl::unexpected(
          status::bad_request("specifying resource version is not allowed when using continue"));
    }
    auto token = decode_continue(text);
    if (!token) return tl::unexpected(status::bad_request("invalid continue token: " + token.error()));
    // Keys are "namespace/name"; the token's start is relative to the namespace, if there is one.
    plan.query.start = api.name_space.empty() ? token->start.substr(1) : api.name_space + token->start;
    plan.exact = token->rv > 0;
    plan.wait = plan.query.at = std::max<Rv>(token->rv, 0);
    plan.token = std::move(*token);
    return plan;
  }
  if (rv_text.empty()) return plan;
  const auto rv = parse_rv(rv_text);
  if (!rv) return tl::unexpected(status::malformed_rv(rv_text));
  if (*rv == 0) {
    plan.query.limit = 0;  // the watch cache ignores the limit
    return plan;
  }
  plan.wait = plan.query.at = *rv;
  const auto match = api.option("resourceVersionMatch");
  plan.exact = match == "Exact" || (match.empty() && plan.query.limit > 0);
  return plan;
}

}  // namespace

std::shared_ptr<BodySource> list_body(std::string head, std::vector<SnapshotPtr> items, View view) {
  return std::make_shared<ListBody>(std::move(head), std::move(items), view);
}

void Api::list(const ApiRequest& api, const std::shared_ptr<Responder>& responder, View view) {
  auto planned = plan_list(api);
  if (!planned) return responder->answer(planned.error());
  auto chosen = selection(api);
  if (!chosen) return responder->answer(chosen.error());
  const auto answer = [this, plan = std::move(*planned), selection = std::move(*chosen), responder,
                       view]() mutable {
    if (plan.exact && plan.query.at < store_.compacted()) {
      return responder->answer(plan.token
                                   ? status::expired_continue(encode_inconsistent_continue(*plan.token))
                                   : status::expired_list());
    }
    if (!plan.exact) plan.query.at = store_.rv();
    plan.query.selection = &selection;
    ListPage page = store_.list(plan.query);
    const auto& kind = info(plan.query.resource);
    std::string head = "{\"kind\":\"";
    head.append(view == View::metadata ? "PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\""
                                       : std::string(kind.list_kind) + "\",\"apiVersion\":\"" +
                                             std::string(kind.api_version) + "\"");
    head.append(",\"metadata\":{\"resourceVersion\":\"").append(std::to_string(plan.query.at)).append("\"");
    if (!page.next.empty()) {
      const std::string start =
          "/" +
          (plan.query.name_space.empty() ? page.next : page.next.substr(plan.query.name_space.size() + 1));
      head.append(",\"continue\":\"")
          .append(encode_continue({plan.query.at, start + std::string(1, '\0')}))
          .append("\"");
      if (selection.empty()) head.append(",\"remainingItemCount\":").append(std::to_string(page.remaining));
    }
    head.append("},\"items\":[");
    if (!page.items.empty())
      return responder->stream({}, list_body(std::move(head), std::move(page.items), view));
    HttpResponse response;
    response.body = head + "]}\n";
    responder->answer(std::move(response));
  };
  const Rv wait = planned->wait;
  wait_for(wait, answer,
           [this, responder, wait] { responder->answer(status::too_large_rv(wait, store_.rv())); });
}

void Api::watch(const ApiRequest& api, const std::shared_ptr<Responder>& responder, View view,
                StreamFault fault) {
  WatchRequest watch;
  watch.resource = *api.resource;
  watch.name_space = api.name_space;
  watch.view = view;
  watch.bookmarks = api.flag("allowWatchBookmarks");
  auto chosen = selection(api);
  if (!chosen) return responder->answer(chosen.error());
  watch.selection = std::move(*chosen);
  if (!api.name.empty()) {
    watch.selection.fields =
        FieldSelector::parse("metadata.name=" + api.name, *api.resource).value_or(FieldSelector());
  }
  const auto rv_text = api.option("resourceVersion");
  const bool newest = rv_text.empty() || rv_text == "0";
  const auto rv = newest ? std::optional<Rv>(0) : parse_rv(rv_text);
  const auto match = api.option("resourceVersionMatch");
  const bool asks_initial = !api.option("sendInitialEvents").empty();
  if (asks_initial && match != "NotOlderThan") {
    return responder->answer(
        forbidden_option("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (!asks_initial && !match.empty()) {
    return responder->answer(
        forbidden_option("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  }
  if (!rv) return responder->answer(status::malformed_rv(rv_text));
  watch.initial_events = asks_initial ? api.flag("sendInitialEvents") : newest;
  watch.end_bookmark = watch.initial_events && watch.bookmarks;
  watch.after = newest ? store_.rv() : *rv;
  if (watch.initial_events) watch.after = store_.rv();
  watch.timeout = Millis(parse_rv(api.option("timeoutSeconds")).value_or(0) * 1000);
  const auto open = [this, watch, responder, fault] {
    WatchRequest now = watch;
    if (now.initial_events) now.after = store_.rv();
    responder->stream({}, watches_.open(std::move(now), fault));
  };
  if (!watch.initial_events) return open();
  wait_for(*rv, open,
           [this, responder, wanted = *rv] { responder->answer(status::too_large_rv(wanted, store_.rv())); });
}

}  // namespace outrigger::apiserver

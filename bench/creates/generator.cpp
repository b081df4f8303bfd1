#include <curl/curl.h>

#include <vector>

#include "bench/creates/contestants.h"
#include "bench/support/peer.h"
#include "bench/support/program.h"
#include "shim/examples/pod_renderer.h"

namespace outrigger::bench {
namespace {

std::size_t ignore(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

struct Lane {
  CURL* easy = nullptr;
  std::string body;
};

void arm(Lane& lane, std::uint64_t executor_id) {
  lane.body = example::render_pod("spark-generator", example::resource_profile(0), executor_id);
  curl_easy_setopt(lane.easy, CURLOPT_POSTFIELDS, lane.body.data());
  curl_easy_setopt(lane.easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(lane.body.size()));
}

}  // namespace

double generate(const Server& server, std::uint32_t creates, std::uint32_t at_a_time) {
  curl_slist* headers = curl_slist_append(nullptr, ("Authorization: Bearer " + server.token).c_str());
  headers = curl_slist_append(headers, "Content-Type: application/json");
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(at_a_time));
  const std::string url = server.url + "/api/v1/namespaces/spark/pods";
  std::vector<Lane> lanes(at_a_time);
  std::uint32_t posted = 0, answered = 0;
  const std::int64_t start = now_ns();
  for (Lane& lane : lanes) {
    lane.easy = curl_easy_init();
    curl_easy_setopt(lane.easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(lane.easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(lane.easy, CURLOPT_CAINFO, server.ca_file.c_str());
    curl_easy_setopt(lane.easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(lane.easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(lane.easy, CURLOPT_PRIVATE, &lane);
    if (posted == creates) continue;
    arm(lane, ++posted);
    curl_multi_add_handle(multi, lane.easy);
  }
  while (answered < creates) {
    int running = 0, left = 0;
    curl_multi_perform(multi, &running);
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      Lane* lane = nullptr;
      long status = 0;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
      curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
      if (message->data.result != CURLE_OK || status != 201)
        give_up("the load generator's POST " + std::to_string(answered) + ": " +
                curl_easy_strerror(message->data.result) + ", status " + std::to_string(status));
      ++answered;
      curl_multi_remove_handle(multi, lane->easy);
      if (posted == creates) continue;
      arm(*lane, ++posted);
      curl_multi_add_handle(multi, lane->easy);
    }
    if (answered < creates) curl_multi_poll(multi, nullptr, 0, 1'000, nullptr);
  }
  const double seconds = static_cast<double>(now_ns() - start) / 1e9;
  for (const Lane& lane : lanes) curl_easy_cleanup(lane.easy);
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  return seconds;
}

}  // namespace outrigger::bench

#include "tests/apiserver/server.h"

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>

#include "tests/apiserver/control/front.h"
#include "tests/apiserver/controllers/volume_provisioner.h"
#include "tests/apiserver/http/certificates.h"
#include "tests/apiserver/kubelet/kubelet.h"
#include "tests/apiserver/kubelet/process_kubelet.h"

namespace outrigger::apiserver {
namespace {

TlsMaterial tls_of(const Config& config) {
  if (config.plain) return {};
  if (!config.tls_dir.empty()) return prepare_tls(config.tls_dir);
  std::string pattern = (std::filesystem::temp_directory_path() / "outrigger-apiserver-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a directory " + pattern);
  return prepare_tls(pattern);
}

Network::Options network_options(const Config& config, const TlsMaterial& tls) {
  return {.address = config.address, .port = config.port, .tls = !config.plain, .files = tls.files};
}

}  // namespace

struct Server::Impl {
  explicit Impl(Config given)
      : config(std::move(given)),
        tls(tls_of(config)),
        network(network_options(config, tls)),
        store(config.first_rv, config.window),
        watches(store, network.clock(), config.watch, config.seed),
        collector(store, network.clock()),
        provisioner(store, network.clock()),
        access(config.accounts, config.open_access),
        api(store, network.clock(), watches, config.api, config.seed + 2),
        kubelet(make_kubelet()),
        faults(network.clock(),
               {.mute = [this](bool on) { watches.mute(on); },
                .compact = [this] { front.compact(); },
                .drop_watches = [this] { network.drop_streams(); },
                .black_hole_all = [this] { network.black_hole_all(); },
                .restart = [this](Millis down) { front.restart(down); }},
               [this](std::string_view name_space) { return active_pods(name_space); }),
        front({network, store, watches, api, access, *kubelet, collector, faults, config.verbose}) {
    network.serve(
        [this](auto request, auto responder) { front.handle(std::move(request), std::move(responder)); },
        [this] {
          switch (faults.at_connect()) {
            case Verdict::Action::drop:
              return Welcome::drop;
            case Verdict::Action::black_hole:
              return Welcome::black_hole;
            default:
              return Welcome::serve;
          }
        });
  }

  std::unique_ptr<PodLife> make_kubelet() {
    if (!config.processes.enabled)
      return std::make_unique<Kubelet>(store, network.clock(), config.kubelet, config.seed + 1);
    const bool any = config.address == "0.0.0.0" || config.address == "::";
    ServerFacts facts{.address = any ? "127.0.0.1" : config.address,
                      .port = network.port(),
                      .ca_pem = tls.ca_pem,
                      .token = [this](const std::string& name_space, const std::string& account) {
                        return access.service_account_token(name_space, account);
                      }};
    auto processes = std::make_unique<ProcessKubelet>(store, network.clock(), network.descriptors(),
                                                      config.processes, std::move(facts));
    api.set_logs([p = processes.get()](const auto& name_space, const auto& pod, const auto& container) {
      return p->log_file(name_space, pod, container);
    });
    return processes;
  }

  std::int64_t active_pods(std::string_view name_space) const {
    std::int64_t count = 0;
    for (const auto& [key, pod] : store.index(Resource::pods)) {
      count += pod->meta.name_space == name_space && pod->fields.phase != "Succeeded" &&
               pod->fields.phase != "Failed";
    }
    return count;
  }

  Config config;
  TlsMaterial tls;
  Network network;
  Store store;
  WatchHub watches;
  GarbageCollector collector;
  VolumeProvisioner provisioner;
  Access access;
  Api api;
  std::unique_ptr<PodLife> kubelet;
  FaultEngine faults;
  Front front;
};

Server::Server(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  return impl_->network.port();
}

std::string Server::url() const {
  const std::string& address = impl_->config.address;
  const std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
  return (impl_->config.plain ? "http://" : "https://") + host + ":" + std::to_string(port());
}

const std::string& Server::ca_pem() const {
  return impl_->tls.ca_pem;
}
const std::string& Server::ca_file() const {
  return impl_->tls.ca_file;
}

std::string Server::kubeconfig(const std::string& token, const std::string& name_space) const {
  return apiserver::kubeconfig(impl_->config, url(), impl_->tls.ca_pem, token, name_space);
}

void Server::load_faults(const std::string& yaml, const std::string& file) {
  impl_->faults.load(parse_faults(yaml, file));
}
void Server::run() {
  impl_->network.run();
}
void Server::stop() {
  impl_->network.stop();
}
void Server::stop_at_signals() {
  impl_->network.stop_at_signals();
}
void Server::stop_at_end_of(int descriptor) {
  impl_->network.stop_at_end_of(descriptor);
}

}  // namespace outrigger::apiserver

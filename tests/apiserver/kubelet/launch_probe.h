// Probes over the network, each in a process of its own: exit code 0 is a success.
#pragma once

namespace outrigger::apiserver {

// probe-http HOST PORT PATH TIMEOUT_MS: success is a status from 200 to 399. Redirects are not followed.
int probe_http(int argc, char** argv);
// probe-tcp HOST PORT TIMEOUT_MS
int probe_tcp(int argc, char** argv);

}  // namespace outrigger::apiserver

# What the programs refuse, through the front door: exit code, one line, nothing half-done.
if(OUTRIGGER_ROOMS STREQUAL "all" AND OUTRIGGER_TESTS)
  find_package(CURL 7.88 REQUIRED)
  find_package(OpenSSL 3 REQUIRED)
  outrigger_test(process_refusals TIER process TIMEOUT_S 300
    SOURCES refusal.cpp refusal_setting_test.cpp refusal_server_test.cpp refusal_channel_test.cpp refusal_template_test.cpp
            ${PROJECT_SOURCE_DIR}/shim/examples/pod_renderer.cpp ${PROJECT_SOURCE_DIR}/tests/support/test_tls.cpp
            ${PROJECT_SOURCE_DIR}/tests/support/processes.cpp ${PROJECT_SOURCE_DIR}/tests/support/processes_stage.cpp
    LIBS outrigger::shim outrigger::ipc CURL::libcurl OpenSSL::SSL OpenSSL::Crypto)
  add_dependencies(process_refusals outrigger-agent outrigger-apiserver agentctl)
endif()

# The API server's kubelet with processes: pods of /bin/sh, real namespaces, real signals.
if(OUTRIGGER_ROOMS STREQUAL "all" AND OUTRIGGER_TESTS)
  find_package(CURL 7.88 REQUIRED)
  find_package(nlohmann_json REQUIRED)
  outrigger_test(apiserver_process_kubelet TIER process TIMEOUT_S 300
    SOURCES process_kubelet_test.cpp process_kubelet_volumes_test.cpp process_kubelet_world.cpp
            ${PROJECT_SOURCE_DIR}/tests/support/processes.cpp ${PROJECT_SOURCE_DIR}/tests/support/processes_stage.cpp
    LIBS outrigger::core CURL::libcurl nlohmann_json::nlohmann_json)
  add_dependencies(apiserver_process_kubelet outrigger-apiserver)
endif()

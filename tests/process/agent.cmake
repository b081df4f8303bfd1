# The real programs against each other: agent, API server, and a driver over the C ABI.
if(OUTRIGGER_ROOMS STREQUAL "all" AND OUTRIGGER_TESTS)
  find_package(CURL 7.88 REQUIRED)
  find_package(nlohmann_json REQUIRED)
  outrigger_program(process_agent_driver
    SOURCES agent_driver.cpp ${PROJECT_SOURCE_DIR}/shim/examples/pod_renderer.cpp
    LIBS outrigger::shim)
  outrigger_test(process_agent TIER process TIMEOUT_S 600
    SOURCES agent_hostile_test.cpp agent_kill_test.cpp agent_replaced_test.cpp agent_run_test.cpp agent_views.cpp
            ${PROJECT_SOURCE_DIR}/tests/support/processes.cpp ${PROJECT_SOURCE_DIR}/tests/support/processes_stage.cpp
    LIBS outrigger::ipc outrigger::core CURL::libcurl nlohmann_json::nlohmann_json)
  # Started by it, not linked: a tree that builds its tests by name builds these, too.
  add_dependencies(process_agent outrigger-agent outrigger-apiserver process_agent_driver)
endif()

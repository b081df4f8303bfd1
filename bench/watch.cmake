find_package(CURL REQUIRED)
find_package(simdjson REQUIRED)
outrigger_bench(watch
  SOURCES watch/main.cpp watch/replay_server.cpp watch/floor.cpp watch/agent.cpp
  LIBS outrigger::flow outrigger::io outrigger::ipc outrigger::metrics CURL::libcurl simdjson::simdjson)

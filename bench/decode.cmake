find_package(simdjson REQUIRED)
outrigger_bench(decode SOURCES decode/main.cpp LIBS outrigger::kube simdjson::simdjson)

outrigger_bench(creates
  SOURCES creates/main.cpp creates/generator.cpp creates/product.cpp ../shim/examples/pod_renderer.cpp
  LIBS outrigger::core outrigger::shim CURL::libcurl)
# It measures the programs as they ship.
add_dependencies(bench_creates outrigger-agent outrigger-apiserver)

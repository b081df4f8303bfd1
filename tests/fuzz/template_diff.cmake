outrigger_fuzzer(template_diff SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/template_diff_fuzz.cpp
  LIBS outrigger::core outrigger::kube)

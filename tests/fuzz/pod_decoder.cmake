outrigger_fuzzer(pod_decoder SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/pod_decoder_fuzz.cpp LIBS outrigger::kube)

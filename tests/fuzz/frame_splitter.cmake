outrigger_fuzzer(frame_splitter SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/frame_splitter_fuzz.cpp LIBS outrigger::kube)

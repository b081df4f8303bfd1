outrigger_fuzzer(attach SOURCES attach_fuzz.cpp LIBS outrigger::ipc)

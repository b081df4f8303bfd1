outrigger_fuzzer(command_drain SOURCES command_drain_fuzz.cpp LIBS outrigger::ipc)

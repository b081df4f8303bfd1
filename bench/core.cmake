outrigger_bench(core SOURCES core/main.cpp LIBS outrigger::core)

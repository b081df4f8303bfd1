# The channel between two real processes. Not under ThreadSanitizer, which sees one process only.
if(OUTRIGGER_ROOMS STREQUAL "all")
  outrigger_test(process_ipc TIER process TIMEOUT_S 300
    SOURCES ipc_agent_death_test.cpp ipc_driver_death_test.cpp ipc_replaced_test.cpp
            ipc_volume_test.cpp ipc_hostile_test.cpp
    LIBS outrigger::ipc)
endif()

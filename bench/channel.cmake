outrigger_bench(channel
  SOURCES channel/main.cpp channel/stage.cpp channel/publish.cpp channel/sleepers.cpp channel/commands.cpp channel/attach.cpp
          channel/death.cpp
  LIBS outrigger::ipc)

# cmake -C deploy/build/tsan.cmake -G Ninja -B build/tsan : ThreadSanitizer, ipc room only (clang 19).
set(CMAKE_C_COMPILER clang-19 CACHE STRING "")
set(CMAKE_CXX_COMPILER clang++-19 CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(OUTRIGGER_SANITIZE thread CACHE STRING "")
set(OUTRIGGER_ROOMS ipc CACHE STRING "")

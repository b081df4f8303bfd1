# cmake -C deploy/build/asan.cmake -G Ninja -B build/asan : AddressSanitizer, UBSan and the fuzzers (clang 19).
set(CMAKE_C_COMPILER clang-19 CACHE STRING "")
set(CMAKE_CXX_COMPILER clang++-19 CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(OUTRIGGER_SANITIZE address,undefined CACHE STRING "")
set(OUTRIGGER_FUZZ ON CACHE BOOL "")

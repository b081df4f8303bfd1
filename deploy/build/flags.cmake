# Every compiler flag of the project, on one INTERFACE target that rooms link privately.
add_library(outrigger_flags INTERFACE)
target_compile_features(outrigger_flags INTERFACE cxx_std_20)
target_compile_options(outrigger_flags INTERFACE
  -Wall -Wextra -Werror -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers -Wnon-virtual-dtor -Woverloaded-virtual
  -fno-omit-frame-pointer)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(outrigger_flags INTERFACE -O2 -g1 -fstack-protector-strong -D_FORTIFY_SOURCE=2)
else()
  target_compile_options(outrigger_flags INTERFACE -O1 -gline-tables-only)
endif()
if(OUTRIGGER_SANITIZE)
  target_compile_options(outrigger_flags INTERFACE -fsanitize=${OUTRIGGER_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(outrigger_flags INTERFACE -fsanitize=${OUTRIGGER_SANITIZE})
  if(OUTRIGGER_SANITIZE MATCHES address)
    # The distribution's libraries were not built with ASan; container annotations across that line are false alarms.
    target_compile_definitions(outrigger_flags INTERFACE _GLIBCXX_SANITIZE_VECTOR=0)
  endif()
endif()
# For what is compiled more often than it runs.
add_library(outrigger_quick INTERFACE)
target_compile_options(outrigger_quick INTERFACE -O0 -U_FORTIFY_SOURCE)
# Coverage for libFuzzer costs a fifth of a file's compile time: only the rooms that a fuzz target walks carry it.
add_library(outrigger_coverage INTERFACE)
if(OUTRIGGER_FUZZ)
  target_compile_options(outrigger_coverage INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(outrigger_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
find_program(OUTRIGGER_LLD NAMES ld.lld-19)
if(OUTRIGGER_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(outrigger_flags INTERFACE --ld-path=${OUTRIGGER_LLD})
endif()

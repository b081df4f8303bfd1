# Asio and Beast compiled once (one such file costs 14 s, under ASan 57 s).
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
add_library(outrigger_boost STATIC ${CMAKE_CURRENT_LIST_DIR}/boost_impl.cpp)
target_compile_definitions(outrigger_boost PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(outrigger_boost PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads PRIVATE outrigger_flags)
add_library(outrigger::boost ALIAS outrigger_boost)

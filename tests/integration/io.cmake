set(support ${PROJECT_SOURCE_DIR}/tests/support)
outrigger_test(integration_io TIER integration TIMEOUT_S 240
  SOURCES io_admin_test.cpp io_child_test.cpp io_gateway_test.cpp io_http2_test.cpp io_transport_test.cpp io_lanes_test.cpp ${support}/scripted_server.cpp ${support}/test_tls.cpp
  LIBS outrigger::io outrigger::boost)

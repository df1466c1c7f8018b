# The connection layer, apart from the protocol: whoever speaks HTTP links weir_http; whoever only handles an Inbound
# and an Exchange (the endpoint, its tests) links weir_transport, which needs neither sockets nor cpp-httplib.
add_library(weir_transport STATIC ${CMAKE_CURRENT_LIST_DIR}/transport.cpp)
target_link_libraries(weir_transport PUBLIC weir_build)

set(http_dir ${CMAKE_CURRENT_LIST_DIR})
add_library(weir_http STATIC
  ${http_dir}/http.cpp ${http_dir}/http_answer.cpp ${http_dir}/http_chunks.cpp ${http_dir}/http_connection.cpp
  ${http_dir}/http_exchange.cpp ${http_dir}/http_framing.cpp ${http_dir}/http_lane.cpp ${http_dir}/http_listener.cpp
  ${http_dir}/http_outbox.cpp ${http_dir}/http_router.cpp ${http_dir}/http_socket.cpp ${http_dir}/http_syntax.cpp)
target_link_libraries(weir_http PUBLIC weir_transport weir_limiter PRIVATE PkgConfig::HTTPLIB Threads::Threads)

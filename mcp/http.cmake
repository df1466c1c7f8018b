# The connection layer, apart from the protocol: whoever speaks HTTP links weir_http; whoever only handles an Inbound and an
# Exchange (the endpoint, its tests) links weir_transport, which needs neither sockets nor cpp-httplib.
add_library(weir_transport STATIC ${CMAKE_CURRENT_LIST_DIR}/transport.cpp)
target_link_libraries(weir_transport PUBLIC weir_build)

# The same suite against the fixture over stdio, through a bridge; strict baselines of its own, because over stdio a server can
# ask a legacy client. Included by CMakeLists.txt where the suite is there.
foreach(revision 2026-07-28 2025-11-25)
  add_test(NAME conformance-stdio-${revision}
    COMMAND ${WEIR_NODE} ${CMAKE_CURRENT_LIST_DIR}/run.mjs --requirements ${revision}
            --baseline ${CMAKE_CURRENT_LIST_DIR}/stdio-${revision}.yml
            --unscored-too --except http-custom-header-server-validation
            -- ${WEIR_NODE} ${CMAKE_CURRENT_LIST_DIR}/bridge.mjs --port-file {port-file}
            -- $<TARGET_FILE:mcp-conformance-server> --stdio)
  set_tests_properties(conformance-stdio-${revision} PROPERTIES LABELS "conformance;process" TIMEOUT 300)
endforeach()

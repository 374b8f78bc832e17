# One test binary per room, linked to that room alone; contracts, faults and stories beside them.
if(NOT HOLDFAST_TESTS)
  return()
endif()
enable_testing()
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)

# test_binary(TARGET CTEST_NAME FOLDER ROOM): tests/FOLDER/*_test.cpp against ROOM and the rooms it may see.
function(test_binary target test folder room)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/view/${room} ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE ${room} holdfast_settings GTest::gtest_main GTest::gmock rapidcheck)
  if(HOLDFAST_PRECOMPILE AND TARGET base_test AND NOT target STREQUAL base_test)
    target_precompile_headers(${target} REUSE_FROM base_test)
  elseif(HOLDFAST_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${standard_headers} <filesystem> <gtest/gtest.h> <gmock/gmock.h> <rapidcheck.h> <rapidcheck/gtest.h>)
  endif()
  add_test(NAME ${test} COMMAND ${target})
  set_tests_properties(${test} PROPERTIES TIMEOUT 600)
endfunction()

get_property(rooms GLOBAL PROPERTY HOLDFAST_ROOMS)
foreach(name ${rooms})
  test_binary(${name}_test room_${name} ${name} ${name})
endforeach()

foreach(target host_test operations_test)  # they talk to a real web server
  target_compile_definitions(${target} PRIVATE HOLDFAST_HTTP_SERVER="${CMAKE_SOURCE_DIR}/tests/support/python/http_server.py")
endforeach()
# A page that the program prints is compared with the one in the tree.
target_compile_definitions(operations_test PRIVATE HOLDFAST_SETTINGS_GUIDE="${CMAKE_SOURCE_DIR}/docs/guide/settings.md")

# Where the FAISS library is, indexes are real ones, looked at by the program that will be installed.
if(TARGET holdfast-faiss-look)
  add_dependencies(agree_test holdfast-faiss-look make_faiss_index)
  add_dependencies(operations_test holdfast-faiss-look make_faiss_index)
  target_compile_definitions(agree_test PRIVATE HOLDFAST_FAISS_LOOK="$<TARGET_FILE:holdfast-faiss-look>" HOLDFAST_MAKE_FAISS_INDEX="$<TARGET_FILE:make_faiss_index>")
  target_compile_definitions(operations_test PRIVATE HOLDFAST_MAKE_FAISS_INDEX="$<TARGET_FILE:make_faiss_index>")
endif()

# The room of other programs' SQLite is tested as those meet it: loaded.
add_dependencies(extension_test holdfast_sqlite)
target_include_directories(extension_test PRIVATE ${CMAKE_BINARY_DIR}/view/operations)
target_compile_definitions(extension_test PRIVATE HOLDFAST_MODULE="$<TARGET_FILE:holdfast_sqlite>")

# Support for tests above host: a simulated machine, and SQLite on it. (What is header only, all tests may include.)
file(GLOB support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/*.cpp)
add_library(test_support STATIC ${support})
target_include_directories(test_support PRIVATE ${CMAKE_BINARY_DIR}/view/sqlite PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(test_support PRIVATE holdfast_settings PUBLIC base host sqlite)
target_link_libraries(live_test PRIVATE test_support)

# What every store must keep, and what must hold when the power goes or a step fails.
foreach(suite contracts faults)
  test_binary(${suite}_test ${suite} ${suite} store)
  target_link_libraries(${suite}_test PRIVATE test_support)
endforeach()
target_include_directories(faults_test PRIVATE ${CMAKE_BINARY_DIR}/view/live ${CMAKE_BINARY_DIR}/view/operations)
target_link_libraries(faults_test PRIVATE live operations)

# Stories: the built program against real databases and real writers, one test a file (python3, standard library).
find_program(HOLDFAST_PYTHON NAMES /usr/bin/python3 python3)
file(GLOB stories CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/stories/*.py)
list(FILTER stories EXCLUDE REGEX "/(stories|writer)\\.py$")
if(TARGET holdfast)
  foreach(story ${stories})
    get_filename_component(name ${story} NAME_WE)
    add_test(NAME story_${name} COMMAND ${HOLDFAST_PYTHON} ${story})
    set_tests_properties(story_${name} PROPERTIES LABELS story TIMEOUT 900 ENVIRONMENT "HOLDFAST=$<TARGET_FILE:holdfast>;PYTHONDONTWRITEBYTECODE=1")
  endforeach()
  # Applications of the profiles are asked at the ports that they have: one of these stories must not ask another's.
  set_tests_properties(story_profiles story_profiles_with_indexes story_old_sets PROPERTIES RESOURCE_LOCK ports_of_profiles)
endif()

# The sqlite room once more with the lock page inside small databases.
if(TARGET sqlite_test)
  add_test(NAME room_sqlite_lock_page COMMAND sqlite_test)
  set_tests_properties(room_sqlite_lock_page PROPERTIES TIMEOUT 600 ENVIRONMENT HOLDFAST_TEST_PENDING_BYTE=0x10000)
endif()

# Differences and scripts of thousands of seeded databases, against SQLite itself; the room's own run looks at fewer.
if(TARGET rows_test AND NOT HOLDFAST_SANITIZE)
  add_test(NAME room_rows_thousands COMMAND rows_test --gtest_filter=Compare.FindsWhat*:Script.TurnsRandom*)
  set_tests_properties(room_rows_thousands PROPERTIES TIMEOUT 900 ENVIRONMENT HOLDFAST_TEST_SEEDS=2000)
endif()

# A report of the lines that the tests run: cmake --build --preset coverage --target coverage
if(HOLDFAST_COVERAGE)
  find_program(HOLDFAST_GCOVR gcovr REQUIRED)
  add_custom_target(coverage USES_TERMINAL
    COMMAND ${CMAKE_CTEST_COMMAND} --output-on-failure
    COMMAND ${HOLDFAST_GCOVR} --root ${CMAKE_SOURCE_DIR} --filter src/ --html-details ${CMAKE_BINARY_DIR}/coverage.html --print-summary
            ${CMAKE_BINARY_DIR}
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
endif()

# One test binary per room, linked to that room alone; contracts, faults and stories beside them.
if(NOT HOLDFAST_TESTS)
  return()
endif()
enable_testing()
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)

# room_tests(NAME): tests/NAME/*_test.cpp against room NAME and the rooms it may see.
function(room_tests name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${CMAKE_BINARY_DIR}/view/${name} ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name}_test PRIVATE ${name} ${ARGN} holdfast_settings GTest::gtest_main GTest::gmock rapidcheck)
  add_test(NAME room_${name} COMMAND ${name}_test)
  set_tests_properties(room_${name} PROPERTIES TIMEOUT 600)
endfunction()

get_property(rooms GLOBAL PROPERTY HOLDFAST_ROOMS)
foreach(name ${rooms})
  room_tests(${name})
endforeach()

# The sqlite room once more with the lock page inside small databases.
if(TARGET sqlite_test)
  add_test(NAME room_sqlite_lock_page COMMAND sqlite_test)
  set_tests_properties(room_sqlite_lock_page PROPERTIES TIMEOUT 600 ENVIRONMENT HOLDFAST_TEST_PENDING_BYTE=0x10000)
endif()

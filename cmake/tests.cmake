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

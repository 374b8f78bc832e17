# bin/holdfast: the command line.
if(NOT EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.cpp)
  return()
endif()
add_executable(holdfast src/cli/main.cpp)
target_include_directories(holdfast PRIVATE ${CMAKE_BINARY_DIR}/view/cli)
target_link_libraries(holdfast PRIVATE cli holdfast_settings)

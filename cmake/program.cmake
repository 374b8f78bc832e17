# bin/holdfast: the command line.
add_executable(holdfast src/cli/main.cpp)
target_include_directories(holdfast PRIVATE ${CMAKE_BINARY_DIR}/view/cli)
target_link_libraries(holdfast PRIVATE cli holdfast_settings)

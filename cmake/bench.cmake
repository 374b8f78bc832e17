# Micro-benchmarks: bench/micro/<what>_benchmark.cpp, all in one program. Not part of the default build (preset bench).
if(NOT HOLDFAST_BENCH)
  return()
endif()
find_package(benchmark REQUIRED)

set(view ${CMAKE_BINARY_DIR}/view/bench)  # the rooms that are measured
file(MAKE_DIRECTORY ${view}/holdfast)
foreach(room base host sqlite store repository)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${room} ${view}/holdfast/${room} SYMBOLIC)
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/micro/*.cpp)
add_executable(holdfast_benchmarks ${sources})
target_include_directories(holdfast_benchmarks PRIVATE ${view} ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(holdfast_benchmarks PRIVATE repository sqlite holdfast_settings benchmark::benchmark_main)

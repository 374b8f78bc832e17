# room(NAME USES rooms... OWNS libraries...): one folder of src/, one static library, one private view.
#
# The view is a build folder with links to the rooms that NAME may include, so that an include of any other room
# does not exist. Link order follows the same arrows.
set(standard_headers <algorithm> <array> <chrono> <expected> <functional> <map> <memory> <optional> <set> <span> <string> <string_view> <vector> <fmt/format.h>)

function(room name)
  cmake_parse_arguments(ROOM "" "" "USES;OWNS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  set(view ${CMAKE_BINARY_DIR}/view/${name})
  file(REMOVE_RECURSE ${view})
  foreach(seen ${name} ${ROOM_USES})
    file(MAKE_DIRECTORY ${view}/holdfast)
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${seen} ${view}/holdfast/${seen} SYMBOLIC)
  endforeach()
  add_library(${name} STATIC ${sources})
  add_library(holdfast::${name} ALIAS ${name})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME holdfast_${name} LINKER_LANGUAGE CXX)
  target_include_directories(${name} PRIVATE ${view})
  target_link_libraries(${name} PRIVATE holdfast_settings PUBLIC ${ROOM_USES} ${ROOM_OWNS})
  if(HOLDFAST_PRECOMPILE AND ROOM_USES)
    target_precompile_headers(${name} REUSE_FROM base)
  elseif(HOLDFAST_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE ${standard_headers})
  endif()
  set_property(GLOBAL APPEND PROPERTY HOLDFAST_ROOMS ${name})
endfunction()

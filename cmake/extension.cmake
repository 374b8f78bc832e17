# holdfast_sqlite.so: the room `extension` for programs that bring their own SQLite. It and the room `sqlite` are compiled
# once more, against the table of functions that the host gives (src/extension/host_api/sqlite3.h); the other rooms are
# linked as they are, and all names but the two that SQLite looks for are hidden.
foreach(room sqlite extension)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(${room}_hosted STATIC ${sources})
endforeach()
add_library(holdfast_sqlite MODULE src/extension/main.cpp)
set(names ${CMAKE_SOURCE_DIR}/cmake/extension.map)
foreach(target sqlite_hosted extension_hosted holdfast_sqlite)
  target_include_directories(${target} BEFORE PRIVATE ${CMAKE_SOURCE_DIR}/src/extension/host_api ${CMAKE_BINARY_DIR}/view/extension)
  target_link_libraries(${target} PRIVATE holdfast_settings fmt::fmt)
  if(HOLDFAST_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM base)
  endif()
endforeach()

# By file: the rooms' own needs would bring the library of SQLite along.
set(rooms operations history live agree dump rows bundle repository store host base)
set(files)
foreach(room extension_hosted sqlite_hosted ${rooms})
  list(APPEND files $<TARGET_FILE:${room}>)
endforeach()
add_dependencies(holdfast_sqlite extension_hosted sqlite_hosted ${rooms})
set_target_properties(holdfast_sqlite PROPERTIES PREFIX "" LINK_DEPENDS "${names};${files}")
target_link_options(holdfast_sqlite PRIVATE LINKER:--version-script=${names} LINKER:--gc-sections)
if(NOT HOLDFAST_SANITIZE AND NOT HOLDFAST_COVERAGE)  # those runtimes are the program's
  target_link_options(holdfast_sqlite PRIVATE LINKER:-z,defs)
endif()
target_link_libraries(holdfast_sqlite PRIVATE -Wl,--start-group ${files} -Wl,--end-group
  Threads::Threads date::date-tz OpenSSL::Crypto PkgConfig::sodium PkgConfig::zstd ZLIB::ZLIB PkgConfig::xxhash ${CMAKE_DL_LIBS})

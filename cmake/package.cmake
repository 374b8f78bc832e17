# cmake --install: bin/holdfast, holdfast_sqlite.so, libholdfast.a, its public headers, and a CMake package for find_package(holdfast).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Every header a user of the operations includes, directly or not; a test compiles each of them as installed.
set(public_headers
  base/bytes.h base/error.h base/json.h base/progress.h base/row_sink.h base/sql_value.h base/text.h base/time.h host/clock.h host/file_system.h
  host/host.h host/log.h host/random.h operations/adopt.h operations/agreement.h operations/agreement_result.h operations/backup.h operations/context.h
  operations/database_difference.h operations/describe.h operations/diff.h operations/dump.h operations/doctor.h operations/drill.h operations/expectations.h operations/files.h operations/files_difference.h operations/finding.h operations/forget.h operations/guard.h
  operations/hold.h operations/hooks.h operations/init.h operations/keep_request.h operations/list.h
  operations/narrow.h operations/outcome.h operations/outside_request.h operations/plain_copy.h operations/purpose_request.h
  operations/query.h operations/rebuild.h operations/restore.h operations/room_to_gain.h operations/rows_back.h operations/script_request.h operations/settings.h operations/settings_description.h operations/simulate_retention.h operations/smoke_tests.h
  operations/sql_rows.h operations/status.h operations/undo.h operations/verify.h)

# One library of all rooms below the terminal. What it needs is linked, not seen; fmt appears in a public header.
get_property(rooms GLOBAL PROPERTY HOLDFAST_ROOMS)
list(REMOVE_ITEM rooms cli extension)
set(objects)
set(needs)
foreach(room ${rooms})
  list(APPEND objects $<TARGET_OBJECTS:${room}>)
  get_target_property(linked ${room} INTERFACE_LINK_LIBRARIES)
  list(APPEND needs ${linked})
endforeach()
list(REMOVE_DUPLICATES needs)
list(FILTER needs INCLUDE REGEX "^[A-Za-z0-9_]+::")
list(REMOVE_ITEM needs fmt::fmt nlohmann_json::nlohmann_json tomlplusplus::headers)  # public below; header-only and not in a public header
add_library(libholdfast STATIC ${objects})
set_target_properties(libholdfast PROPERTIES OUTPUT_NAME holdfast EXPORT_NAME holdfast LINKER_LANGUAGE CXX)
target_compile_features(libholdfast PUBLIC cxx_std_23)
target_include_directories(libholdfast INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(libholdfast PUBLIC fmt::fmt PRIVATE ${needs})

if(TARGET holdfast)
  install(TARGETS holdfast RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
# The program writes its own manual page and completions, when it is built.
if(TARGET holdfast AND NOT HOLDFAST_SANITIZE AND NOT HOLDFAST_COVERAGE)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/texts)
  add_custom_command(TARGET holdfast POST_BUILD WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/texts VERBATIM
    COMMAND holdfast --man > holdfast.1
    COMMAND holdfast completion bash > holdfast
    COMMAND holdfast completion zsh > _holdfast
    COMMAND holdfast completion fish > holdfast.fish)
  install(FILES ${CMAKE_BINARY_DIR}/texts/holdfast.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${CMAKE_BINARY_DIR}/texts/holdfast DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${CMAKE_BINARY_DIR}/texts/_holdfast DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${CMAKE_BINARY_DIR}/texts/holdfast.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
# Profiles: settings and scripts of known applications, which `holdfast init --profile` copies. The program finds them beside
# itself or above, in the build as installed.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/holdfast)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/share/profiles ${CMAKE_BINARY_DIR}/share/holdfast/profiles SYMBOLIC)
install(DIRECTORY share/profiles DESTINATION share/holdfast USE_SOURCE_PERMISSIONS)
# Where `.load holdfast_sqlite` finds it without a path, if that is one of the system's folders.
install(TARGETS holdfast_sqlite LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS libholdfast EXPORT holdfast ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(header ${public_headers})
  get_filename_component(room ${header} DIRECTORY)
  install(FILES ${CMAKE_SOURCE_DIR}/src/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/holdfast/${room})
endforeach()

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/holdfast)
install(EXPORT holdfast NAMESPACE holdfast:: FILE holdfast-targets.cmake DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/holdfast-config.cmake.in
  ${CMAKE_BINARY_DIR}/holdfast-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/holdfast-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/holdfast-config.cmake ${CMAKE_BINARY_DIR}/holdfast-config-version.cmake
  DESTINATION ${package_folder})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# A stranger's project, built against an installed copy. Not with instrumented code: the stranger would need its runtime.
if(HOLDFAST_TESTS AND NOT HOLDFAST_SANITIZE AND NOT HOLDFAST_COVERAGE)
  add_test(NAME package COMMAND ${CMAKE_COMMAND}
    -DBUILD=${CMAKE_BINARY_DIR} -DCOMPILER=${CMAKE_CXX_COMPILER} -DGENERATOR=${CMAKE_GENERATOR}
    -P ${CMAKE_SOURCE_DIR}/tests/package/install_and_use.cmake)
endif()

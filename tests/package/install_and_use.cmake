# Installs the build to a temporary prefix, builds a stranger's project against it, and runs what came out.
# cmake -DBUILD=<build folder> -DCOMPILER=<c++> -DGENERATOR=<generator> -P install_and_use.cmake
set(scratch ${BUILD}/package-test)
file(REMOVE_RECURSE ${scratch})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${status}:\n${output}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${scratch}/prefix)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${scratch}/build -G ${GENERATOR}
  -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${scratch}/prefix -DHEADERS=${scratch}/prefix/include)
run(${CMAKE_COMMAND} --build ${scratch}/build)
run(${scratch}/build/consumer ${scratch})
if(EXISTS ${BUILD}/holdfast)
  run(${scratch}/prefix/bin/holdfast --version)
  foreach(text man/man1/holdfast.1 bash-completion/completions/holdfast zsh/site-functions/_holdfast
               fish/vendor_completions.d/holdfast.fish)
    file(STRINGS ${scratch}/prefix/share/${text} lines REGEX "restore")
    if(NOT lines)
      message(FATAL_ERROR "share/${text} says nothing of restore")
    endif()
  endforeach()
endif()
file(REMOVE_RECURSE ${scratch})

# Tests in Python: style and architecture of the tree, and proofs that these checks, and those of the demonstrations, find
# what they seek.
if(NOT HOLDFAST_TESTS)
  return()
endif()

add_test(NAME style COMMAND ${HOLDFAST_PYTHON} ${CMAKE_SOURCE_DIR}/tools/check_style.py)
add_test(NAME architecture COMMAND ${HOLDFAST_PYTHON} ${CMAKE_SOURCE_DIR}/tools/check_architecture.py)
file(GLOB checks CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/tools/*_test.py
     ${CMAKE_SOURCE_DIR}/tests/support/python/*_test.py)
foreach(check ${checks})
  get_filename_component(name ${check} NAME_WE)
  add_test(NAME ${name} COMMAND ${HOLDFAST_PYTHON} ${check})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT PYTHONDONTWRITEBYTECODE=1 TIMEOUT 300)
endforeach()

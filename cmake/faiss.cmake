# libexec/holdfast/holdfast-faiss-look: the FAISS library in a program of its own, which the room `agree` starts. Optional:
# without the library there is no such program, and indexes of FAISS cannot be checked. A component of the installation.
include(GNUInstallDirs)
find_path(HOLDFAST_FAISS_HEADERS faiss/IndexIVF.h)
find_library(HOLDFAST_FAISS_LIBRARY faiss)
find_package(BLAS QUIET)
find_package(LAPACK QUIET)
find_package(OpenMP QUIET COMPONENTS CXX)
if(HOLDFAST_SANITIZE)  # its memory is limited, and a sanitizer asks for all there is
  return()
endif()
if(NOT (HOLDFAST_FAISS_HEADERS AND HOLDFAST_FAISS_LIBRARY AND BLAS_FOUND AND LAPACK_FOUND AND OpenMP_CXX_FOUND))
  message(STATUS "FAISS is not there (libfaiss-dev): holdfast-faiss-look is not built")
  return()
endif()
add_executable(holdfast-faiss-look src/agree/faiss_look/main.cpp)
target_include_directories(holdfast-faiss-look SYSTEM PRIVATE ${HOLDFAST_FAISS_HEADERS})
target_link_libraries(holdfast-faiss-look PRIVATE holdfast_settings ${HOLDFAST_FAISS_LIBRARY} LAPACK::LAPACK BLAS::BLAS OpenMP::OpenMP_CXX)
install(TARGETS holdfast-faiss-look RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/holdfast COMPONENT holdfast-faiss)

# What tests make indexes with.
if(HOLDFAST_TESTS)
  add_executable(make_faiss_index tests/agree/make_faiss_index.cpp)
  target_include_directories(make_faiss_index SYSTEM PRIVATE ${HOLDFAST_FAISS_HEADERS})
  target_link_libraries(make_faiss_index PRIVATE ${HOLDFAST_FAISS_LIBRARY} LAPACK::LAPACK BLAS::BLAS OpenMP::OpenMP_CXX)
endif()

# Every third-party library, from Debian 12's packages. Rooms name the targets they own in CMakeLists.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(date REQUIRED)  # Howard Hinnant's; zones from the system's tzdata
find_package(ZLIB REQUIRED)
find_package(LibArchive 3.6 REQUIRED)  # its headers: the library itself is loaded when it is needed
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

# Its headers only: the library is loaded by the program when the first request is made (src/host/curl_library.h).
pkg_check_modules(curl REQUIRED libcurl>=7.85)
add_library(curl_headers INTERFACE)
target_include_directories(curl_headers SYSTEM INTERFACE ${curl_INCLUDE_DIRS})

# Used as headers alone: Debian's library throws, and would be one more to have at run time.
find_path(HOLDFAST_TOMLPLUSPLUS toml++/toml.h REQUIRED)
add_library(tomlplusplus::headers INTERFACE IMPORTED)
target_include_directories(tomlplusplus::headers INTERFACE ${HOLDFAST_TOMLPLUSPLUS})

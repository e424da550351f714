# doctest and fmt: what the machine has comes first, their public repositories second.
include(FetchContent)

# Of packages for this machine, a build for another one can use the headers and nothing else. They
# are reached through links, since beside them lie the headers of this machine's C library.
function(vsnd_headers_for_another_machine package header)
    find_path(${package}_PLACE ${package}/${header} NO_CMAKE_FIND_ROOT_PATH)
    if(NOT ${package}_PLACE)
        return()
    endif()
    set(links ${PROJECT_BINARY_DIR}/headers_of_this_machine)
    file(MAKE_DIRECTORY ${links})
    file(CREATE_LINK ${${package}_PLACE}/${package} ${links}/${package} SYMBOLIC)
    add_library(${package}::${package} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${package}::${package} SYSTEM INTERFACE ${links})
    set(${package}_FOUND TRUE PARENT_SCOPE)
endfunction()
if(CMAKE_CROSSCOMPILING)
    vsnd_headers_for_another_machine(doctest doctest.h)
    vsnd_headers_for_another_machine(fmt format.h)
    if(fmt_FOUND)
        target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)
    endif()
endif()
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW) # fetched projects' options heed our variables

if(VSND_BUILD_TESTS)
    if(NOT CMAKE_CROSSCOMPILING)
        find_package(doctest 2.4 QUIET)
    endif()
    if(NOT doctest_FOUND)
        message(STATUS "doctest is not installed: fetching it")
        FetchContent_Declare(
            doctest
            GIT_REPOSITORY https://github.com/doctest/doctest.git
            GIT_TAG v2.4.12
            GIT_SHALLOW ON SYSTEM)
        set(DOCTEST_NO_INSTALL ON)
        FetchContent_MakeAvailable(doctest)
    endif()
endif()

if(NOT CMAKE_CROSSCOMPILING)
    find_package(fmt 9 QUIET)
endif()
if(NOT fmt_FOUND AND NOT CMAKE_CROSSCOMPILING)
    find_package(fmt QUIET) # fmt counts a new major version as incompatible; we do not
endif()
if(NOT fmt_FOUND)
    message(STATUS "fmt is not installed: fetching it")
    FetchContent_Declare(
        fmt
        GIT_REPOSITORY https://github.com/fmtlib/fmt.git
        GIT_TAG 11.0.2
        GIT_SHALLOW ON SYSTEM)
    set(FMT_INSTALL OFF)
    FetchContent_MakeAvailable(fmt)
endif()

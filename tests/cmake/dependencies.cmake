# doctest and fmt: what the machine has comes first, their public repositories second.
include(FetchContent)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW) # fetched projects' options heed our variables

if(VSND_BUILD_TESTS)
    find_package(doctest 2.4 QUIET)
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

find_package(fmt 9 QUIET)
if(NOT fmt_FOUND)
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

# cross_kernel(<name> <triple> <compile options...>): the kernel of the current folder for QEMU's
# `virt` board of another architecture, as target vsnd_<name> with the property KERNEL_FILE. Clang
# and lld compile for every target; without them there is no such target.

find_program(VSND_CROSS_COMPILER NAMES clang++ clang++-14)
find_program(VSND_CROSS_LINKER NAMES ld.lld ld.lld-14)

include(${CMAKE_CURRENT_LIST_DIR}/freestanding.cmake)

function(cross_kernel name triple)
    if(NOT VSND_CROSS_COMPILER OR NOT VSND_CROSS_LINKER)
        message(STATUS "The ${name} kernel is not built: clang++ and ld.lld are not both here")
        return()
    endif()
    set(root ${CMAKE_CURRENT_SOURCE_DIR}/..)
    file(GLOB sources CONFIGURE_DEPENDS
        ${CMAKE_CURRENT_SOURCE_DIR}/*.S ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp
        ${root}/virt/*.cpp ${root}/common/*.cpp)
    set(strict)
    if(CMAKE_COMPILE_WARNING_AS_ERROR)
        set(strict -Werror)
    endif()
    set(objects)
    foreach(source IN LISTS sources)
        file(RELATIVE_PATH short ${root} ${source})
        string(REPLACE / _ short ${short})
        set(object ${CMAKE_CURRENT_BINARY_DIR}/${short}.o)
        set(options --target=${triple} ${ARGN})
        if(source MATCHES "cpp$")
            list(APPEND options -std=c++20 ${freestanding_warnings} ${freestanding_flags} ${strict}
                -I${CMAKE_CURRENT_SOURCE_DIR} -I${root}/../../include)
        endif()
        if(source MATCHES "common/memory.cpp$")
            list(APPEND options -fno-builtin)
        endif()
        add_custom_command(
            OUTPUT ${object}
            COMMAND ${VSND_CROSS_COMPILER} ${options} -MD -MF ${object}.d -c ${source} -o ${object}
            DEPENDS ${source} DEPFILE ${object}.d
            COMMENT "Compiling ${short} for ${triple}" VERBATIM)
        list(APPEND objects ${object})
    endforeach()
    set(script ${CMAKE_CURRENT_SOURCE_DIR}/kernel.ld)
    set(kernel ${CMAKE_CURRENT_BINARY_DIR}/vsnd-${name}.elf)
    add_custom_command(
        OUTPUT ${kernel}
        COMMAND ${VSND_CROSS_LINKER} -static -nostdlib -z max-page-size=4096 -T ${script}
            ${objects} -o ${kernel}
        DEPENDS ${objects} ${script}
        COMMENT "Linking vsnd-${name}.elf" VERBATIM)
    add_custom_target(vsnd_${name} ALL DEPENDS ${kernel})
    set_target_properties(vsnd_${name} PROPERTIES KERNEL_FILE ${kernel})
endfunction()

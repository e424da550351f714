# For a kernel's CMakeLists.txt: nothing that a preset adds for the host (sanitizers, coverage,
# debugging) may reach a freestanding program. Affects the folder that includes it.

foreach(suffix "" _DEBUG _RELEASE _RELWITHDEBINFO _MINSIZEREL)
    set(CMAKE_CXX_FLAGS${suffix} "")
    set(CMAKE_ASM_FLAGS${suffix} "")
    set(CMAKE_EXE_LINKER_FLAGS${suffix} "")
endforeach()
set_directory_properties(PROPERTIES COMPILE_OPTIONS "" COMPILE_DEFINITIONS "" LINK_OPTIONS "")

set(freestanding_warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
set(freestanding_flags
    -O2 -g -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-stack-protector
    -fno-asynchronous-unwind-tables -fno-pic)

# Where memcpy and memset are defined, their loops must not be recognised and become calls of
# themselves.
set(freestanding_memory_flags
    -fno-builtin $<$<CXX_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>)

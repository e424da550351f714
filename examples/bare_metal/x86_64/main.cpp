// From the loader to the kernel.

#include "../common/board.hpp"
#include "../common/kernel.hpp"
#include "machine.hpp"

namespace kernel {

extern "C" [[noreturn]] void kernel_main(const start_info* info);

void kernel_main(const start_info* info) {
    init_interrupts();
    if (!has_capture_memory(*info)) finish("too little memory");
    if (!init_clock()) finish("no clock");
    run_kernel(command_line(*info));
}

} // namespace kernel

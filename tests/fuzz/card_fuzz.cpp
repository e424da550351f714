// Fuzzes the whole card: every byte of its device, and every call of its user, from the input.
//
// Own options, beside those of libFuzzer:
//   --require-states   fails at the end unless running, captured, drained and closed were reached
//   --make-corpus=DIR  writes the seeds of seeds.hpp to a directory and ends

#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "seeds.hpp"
#include "session.hpp"

namespace {

fuzz::state_report report;
bool states_required = false;

void at_exit() {
    report.print();
    if (!states_required || report.complete()) return;
    fmt::print(stderr, "not every state was reached that must be\n");
    _exit(1);
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
    for (int i = 1; i < *count; ++i) {
        const char* const a = (*arguments)[i];
        constexpr const char make[] = "--make-corpus=";
        if (std::strncmp(a, make, sizeof(make) - 1) == 0) {
            std::exit(fuzz::write_seeds(a + sizeof(make) - 1) ? 0 : 1);
        }
        states_required |= std::strcmp(a, "--require-states") == 0;
    }
    std::atexit(at_exit);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const vsnd::u8* data, size_t size) {
    fuzz::session session(data, size);
    report.add(session.run());
    return 0;
}

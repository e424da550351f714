// A hosted program of somebody else: the standard library and the driver together.
#include "../absent_port.hpp"

#include <vsnd/ring/split_queue.hpp>
#include <vsnd/transport/pci.hpp>

#include <cstdio>
#include <string>

int main() {
    const vsnd::status_code code = open_absent();
    const std::string said = vsnd::to_string(code);
    std::printf("a card without a device answers: %s\n", said.c_str());
    return code == vsnd::status_code::no_device ? 0 : 1;
}

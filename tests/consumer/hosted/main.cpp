// A hosted program of somebody else: the standard library and the driver's headers together.
#include <vsnd/base/dma.hpp>
#include <vsnd/base/endian.hpp>
#include <vsnd/wire/sound.hpp>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

int main() {
    vsnd::wire::snd_hdr header{};
    header.code = vsnd::wire::SND_R_PCM_START;
    unsigned char bytes[sizeof header];
    std::memcpy(bytes, &header, sizeof header);

    std::vector<unsigned char> memory(4096);
    vsnd::dma_carver carver({memory.data(), {0x1000}, memory.size()});
    const auto first = carver.take(100, 64);
    const auto second = carver.take(100, 64);
    const bool right = bytes[0] == 0x04 && bytes[1] == 0x01 && first && second &&
                       second.value().bus.value == 0x1080;
    const std::string said = right ? "as expected" : "unexpected";
    std::puts(said.c_str());
    return right ? 0 : 1;
}

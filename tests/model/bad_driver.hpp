#pragma once
// A deliberately bad driver: the clause that it breaks, and how.

#include <cstring>
#include <functional>

#include "raw_driver.hpp"

namespace vsnd::model::bad {

using raw::driver;

struct bad_driver {
    violation breaks;
    std::function<void(driver&)> act;
    device_profile profile = default_profile();
};

// The default device with one more habit.
template <class Habit>
device_profile with(Habit device_profile::*which, Habit value) {
    device_profile p = default_profile();
    p.*which = value;
    return p;
}

// A request's two parts for a chain that is about to be wrong.
inline raw::part out(driver& d, u32 bytes = 16) {
    const dma_region r = d.memory.allocate(bytes);
    std::memset(r.cpu, 0, bytes);
    const u32 code = wire::SND_R_PCM_INFO;
    raw::put_little(r.cpu, code);
    return {r.bus, bytes};
}
inline raw::part in(driver& d, u32 bytes = 4) {
    return {d.memory.allocate(bytes).bus, bytes, true};
}

} // namespace vsnd::model::bad

// The model survives any driver: random requests, chains, indices and doorbells, and after a
// reset it plays to the bit again.

#include <doctest/doctest.h>

#include <support/rounds.hpp>

#include "raw_driver.hpp"

using namespace vsnd;
using namespace vsnd::model;
using raw::driver;

namespace {

class chaos {
  public:
    chaos(driver& d, u32 seed) : d_(d), x_(seed * 2654435761u + 12345) {}

    void step() {
        switch (upto(9)) {
        case 0: d_.pcm(0xfe + upto(10), upto(5)); break;
        case 1: request(); break;
        case 2: d_.ready(upto(4), 4 * upto(600), 1 + upto(4)); break;
        case 3: message(); break;
        case 4: garbage_chain(); break;
        case 5: d_.device.advance(upto(30) * 1'000'000ull + upto(1000)); break;
        case 6: poke(); break;
        case 7: d_.set(pci_place::notify + 4 * upto(4), 2, upto(5)); break;
        default:
            while (d_.take(upto(4)).any) {
            }
            break;
        }
    }

  private:
    u32 next() {
        x_ ^= x_ << 13;
        x_ ^= x_ >> 17;
        x_ ^= x_ << 5;
        return x_;
    }
    u32 upto(u32 n) { return next() % n; }

    void request() {
        const dma_region r = d_.memory.allocate(1 + upto(32));
        for (usize i = 0; i < r.bytes; ++i)
            r.cpu[i] = static_cast<u8>(upto(8) == 0 ? next() : 0);
        r.cpu[0] = static_cast<u8>(upto(6));
        if (r.bytes > 1) r.cpu[1] = static_cast<u8>(upto(4));
        d_.send(raw::control, {{r.bus, static_cast<u32>(r.bytes)},
                               {d_.memory.allocate(200).bus, upto(200), true}});
    }
    void message() {
        raw::message m = d_.make(upto(5), 1 + upto(3000));
        d_.post(2 + upto(2), m, upto(3) != 0);
    }
    void garbage_chain() {
        const u32 q = upto(4);
        const dma_region r = d_.memory.allocate(4096, 16);
        for (usize i = 0; i < r.bytes; ++i)
            r.cpu[i] = static_cast<u8>(upto(2));
        for (u32 n = 1 + upto(3); n != 0; --n) {
            wire::virtq_desc d{};
            d.addr = upto(8) == 0 ? next() : r.bus.value + upto(4000);
            d.len = upto(8) == 0 ? next() : upto(200);
            d.flags = static_cast<u16>(upto(8));
            d.next = static_cast<u16>(upto(70));
            d_.describe(q, static_cast<u16>(upto(64)), d);
        }
        d_.offer(q, static_cast<u16>(upto(65)));
        d_.doorbell(q);
    }
    void poke() {
        const u32 q = upto(4);
        driver::put16(d_.queues[q].avail, 2 * upto(67), static_cast<u16>(next()));
    }

    driver& d_;
    u32 x_;
};

} // namespace

TEST_CASE("the model survives any driver, and plays to the bit after a reset") {
    u64 broken = 0;
    for (u32 seed = 0; seed < support::rounds(200); ++seed) {
        CAPTURE(seed);
        driver d(seed % 2 == 0 ? default_profile() : qemu_profile());
        d.up();
        chaos any(d, seed);
        for (int i = 0; i < 60; ++i) {
            any.step();
            if ((d.state() & wire::DEVICE_STATUS_NEEDS_RESET) == 0) continue;
            ++broken;
            d.up();
        }
        d.up();
        const usize before = d.device.stream(0).sink().size();
        const auto audio = raw::noise(1024, seed);
        d.ready(0, 1024, 1);
        const raw::message m = d.play(0, audio);
        CHECK(d.pcm(wire::SND_R_PCM_START, 0) == wire::SND_S_OK);
        d.device.advance(100'000'000);
        CHECK(m.answer().code == wire::SND_S_OK);
        const auto& sink = d.device.stream(0).sink();
        REQUIRE(sink.size() == before + 1024);
        CHECK(std::equal(audio.begin(), audio.end(), sink.end() - 1024));
        CHECK_FALSE(d.memory.released_memory_touched());
    }
    CHECK(broken > support::rounds(100)); // the drivers were as bad as they should be
}

// Threads of one program in the driver at the same time, and interrupts on a processor of their
// own. ThreadSanitizer looks on.

#include <doctest/doctest.h>

#include <client/media_add_on.hpp>

namespace {

using namespace client;

using bodies = std::vector<std::function<void()>>;

struct desk {
    explicit desk(wiring wires = wiring::each) : user(k) {
        k.bus.wires = wires;
        REQUIRE(k.nodes.probe() == B_OK);
        REQUIRE(user.open() == B_OK);
        REQUIRE(user.start() == B_OK);
    }
    void ends() {
        user.close();
        CHECK(k.complaints() == "");
        CHECK(k.leftovers() == "");
    }
    kernel k;
    media_add_on user;
};

// A second thread of the same program: it has the first one's file, and memory of its own.
class other_thread {
  public:
    explicit other_thread(desk& d) : mine_(d.k), first_(d.user) {
        mine_.description->request_channel_count = most_channels;
        mine_.description->channels = mine_.channels.address_for_driver();
        mine_.controls->control_count = most_controls;
        mine_.controls->controls = mine_.control.address_for_driver();
        mine_.enable->enable_bits = reinterpret_cast<uchar*>(mine_.enable_bits.address);
        mine_.list->request_playback_buffers = mine_.list->request_record_buffers = 32;
        mine_.list->request_playback_channels = mine_.list->request_record_channels = 2;
        mine_.list->request_playback_buffer_size = mine_.list->request_record_buffer_size = 0;
        mine_.list->playback_buffers = mine_.play_buffers.address_for_driver();
        mine_.list->record_buffers = mine_.record_buffers.address_for_driver();
        for (usize i = 0; i < most_buffers; ++i) {
            mine_.play_buffers[i] = mine_.play_table.address_for_driver() + i * most_channels;
            mine_.record_buffers[i] = mine_.record_table.address_for_driver() + i * most_channels;
        }
    }
    status_t call(u32 op, u64 argument, usize length) { return first_.call(op, argument, length); }
    status_t describe() {
        return call(B_MULTI_GET_DESCRIPTION, mine_.description.address, sizeof(multi_description));
    }
    status_t list_controls() {
        return call(B_MULTI_LIST_MIX_CONTROLS, mine_.controls.address,
                    sizeof(multi_mix_control_info));
    }
    status_t formats() {
        const status_t code =
            call(B_MULTI_GET_GLOBAL_FORMAT, mine_.format.address, sizeof(multi_format_info));
        if (code != B_OK) return code;
        return call(B_MULTI_SET_GLOBAL_FORMAT, mine_.format.address, sizeof(multi_format_info));
    }
    status_t buffers() {
        return call(B_MULTI_GET_BUFFERS, mine_.list.address, sizeof(multi_buffer_list));
    }
    status_t exchange() {
        return call(B_MULTI_BUFFER_EXCHANGE, mine_.info.address, sizeof(multi_buffer_info));
    }
    status_t stop() { return call(B_MULTI_BUFFER_FORCE_STOP, 0, 1); }
    status_t rubbish(u32 op) { return call(op, 0, 0); }

  private:
    media_add_on mine_;
    media_add_on& first_;
};

} // namespace

TEST_CASE("threads: it plays on while others ask for this and that, in every wiring") {
    for (const wiring wires : {wiring::pin, wiring::shared, wiring::each}) {
        desk d(wires);
        other_thread asks(d), errs(d);
        u32 failed = 0, accepted = 0;
        d.k.hardware.run_threads(bodies{
            [&] { d.user.exchange(60); },
            [&] {
                for (u32 i = 0; i < 40; ++i) {
                    failed += asks.describe() != B_OK;
                    failed += asks.list_controls() != B_OK;
                    snooze(3'000);
                }
            },
            [&] {
                for (u32 i = 0; i < 100; ++i) {
                    accepted += errs.rubbish(B_MULTI_GET_DESCRIPTION + i % 18) == B_OK;
                    snooze(1'000);
                }
            },
        });
        CHECK(failed == 0);
        CHECK(accepted == 0);
        CHECK(d.user.errors == 0);
        CHECK(d.user.playback.size() > 10);
        d.ends();
    }
}

TEST_CASE("threads: stops, new buffers and formats in the middle of exchanges") {
    desk d;
    other_thread stops(d), changes(d);
    std::atomic<u32> failed{0};
    d.k.hardware.run_threads(bodies{
        [&] { d.user.exchange(80); },
        [&] {
            for (u32 i = 0; i < 12; ++i) {
                failed += stops.stop() != B_OK;
                snooze(20'000);
            }
        },
        [&] {
            for (u32 i = 0; i < 12; ++i) {
                failed += changes.formats() != B_OK;
                failed += changes.buffers() != B_OK;
                snooze(30'000);
            }
        },
    });
    CHECK(failed == 0);
    // The first thread may have written where there was no buffer any more; nothing else.
    d.user.close();
    CHECK(d.k.complaints() == "");
    CHECK(d.k.leftovers() == "");
}

TEST_CASE("threads: two exchange at the same time") {
    desk d;
    other_thread second(d);
    u32 answered = 0;
    d.k.hardware.run_threads(bodies{
        [&] { d.user.exchange(60); },
        [&] {
            // One may find the other inside for so long that its own time is over.
            for (u32 i = 0; i < 60; ++i)
                answered += second.exchange() == B_OK;
        },
    });
    CHECK(d.user.errors < 60);
    CHECK(answered > 0);
    CHECK(d.user.playback.size() + answered > 20);
    d.ends();
}

// The file is closed by one thread, while another still is in the driver with it.
TEST_CASE("threads: closed under an exchange") {
    for (const u32 after_ms : {0u, 5u, 30u, 90u}) {
        desk d;
        const device_manager::handle open = d.user.handle;
        d.k.hardware.run_threads(bodies{
            [&] { d.user.exchange(8); },
            [&] {
                snooze(after_ms * 1'000);
                (void)open.device->module->close(open.cookie);
            },
        });
        // The rest of it comes when nobody is inside any more, as the kernel does it.
        d.ends();
    }
}

TEST_CASE("threads: two programs want the device, again and again, and one of them has it") {
    kernel k;
    REQUIRE(k.nodes.probe() == B_OK);
    u32 opened[2] = {}, odd = 0;
    std::atomic<u32> users{0};
    media_add_on one(k), two(k);
    const auto tries = [&](media_add_on& who, u32& count) {
        for (u32 i = 0; i < 300 && count < 5; ++i) {
            const status_t code = who.open();
            if (code == B_OK) {
                odd += users.fetch_add(1) != 0;
                ++count;
                if (who.start() == B_OK) who.exchange(2);
                users.fetch_sub(1);
                who.close();
            } else if (code != B_BUSY) {
                ++odd;
            }
            snooze(5'000);
        }
    };
    k.hardware.run_threads(bodies{[&] { tries(one, opened[0]); }, [&] { tries(two, opened[1]); }});
    CHECK(odd == 0);
    CHECK(opened[0] + opened[1] >= 5);
    CHECK(k.complaints() == "");
    CHECK(k.leftovers() == "");
}

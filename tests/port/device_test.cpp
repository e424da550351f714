// Which types are device ports.

#include <doctest/doctest.h>

#include <vsnd/port/device.hpp>
#include <vsnd/port/skeleton.hpp>

using namespace vsnd;

namespace {

struct port {
    using queue_type = skeleton::ring;
    result<u64> negotiate(u64) { return u64{0}; }
    status_code read_config(u32, span<u8>) { return status_code::ok; }
    result<queue_type*> queue(u32) { return status_code::queue_missing; }
    status_code start() { return status_code::ok; }
    status_code stop() { return status_code::ok; }
};
struct telling : port {
    bool needs_reset() { return broken; }
    bool broken = false;
};
struct without_stop : port {
    status_code stop() = delete;
};
struct wrong_queue_type : port {
    using queue_type = int;
};
struct wrong_negotiate : port {
    u64 negotiate(u64) { return 0; }
};

} // namespace

TEST_CASE("what is a device port and what is none") {
    CHECK(device_port<port>);
    CHECK(device_port<telling>);
    CHECK(device_port<skeleton::device>);
    CHECK_FALSE(device_port<without_stop>);
    CHECK_FALSE(device_port<wrong_queue_type>);
    CHECK_FALSE(device_port<wrong_negotiate>);
    CHECK_FALSE(device_port<int>);
}

TEST_CASE("needs_reset asks the port where it can tell") {
    port silent;
    telling t;
    CHECK_FALSE(needs_reset(silent));
    CHECK_FALSE(needs_reset(t));
    t.broken = true;
    CHECK(needs_reset(t));
}

// Where the order policy's barriers stand between a ring and its doorbell.
// [virtio 1.4] Reserved Feature Bits, Notifying The Device

#include <doctest/doctest.h>

#include <string>

#include <vsnd/ring/packed_queue.hpp>
#include <vsnd/ring/split_queue.hpp>

using namespace vsnd;

namespace {

static_assert(platform_order::suits_hardware && !same_host_order::suits_hardware);
static_assert(same_type<ring_policy::order, platform_order>);

std::string happened;

struct told_order : platform_order {
    template <class Field, class Value>
    static void publish(Field* field, Value value) {
        happened += "publish ";
        platform_order::publish(field, value);
    }
    static void full() {
        happened += "full ";
        platform_order::full();
    }
    static void before_doorbell() {
        happened += "before_doorbell ";
        platform_order::before_doorbell();
    }
};
template <choice Data>
struct told_policy : ring_policy {
    using order = told_order;
    static constexpr choice notification_data = Data;
};
struct told_doorbell {
    void ring() { happened += "ring "; }
    void ring_with(u16) { happened += "ring "; }
};

template <template <class, class> class Ring, choice Data>
void check_order() {
    using queue_type = Ring<told_doorbell, told_policy<Data>>;
    alignas(64) static u8 memory[queue_type::memory_bytes(64)];
    queue_type queue;
    const u64 features = Data == choice::never ? 0 : u64{1} << wire::F_NOTIFICATION_DATA;
    REQUIRE(ok(queue.init(64, features, {memory, {0x1000}, sizeof(memory)}, {})));
    const part buffer[] = {{{0x2000}, 8}};
    const auto slot = queue.bind({buffer, 0}, nullptr).value();
    happened = "";
    REQUIRE(ok(queue.post(slot)));
    queue.kick(1);
    CHECK(happened == "publish full before_doorbell ring ");
    happened = "";
    queue.ring();
    CHECK(happened == "before_doorbell ring ");
}

} // namespace

// [virtio 1.4] Reserved Feature Bits, driver 7
TEST_CASE("order: what was published is there before the doorbell is written, with each ring") {
    check_order<split_queue, choice::never>();
    check_order<split_queue, choice::negotiated>();
    check_order<split_queue, choice::always>();
    check_order<packed_queue, choice::never>();
    check_order<packed_queue, choice::negotiated>();
    check_order<packed_queue, choice::always>();
}

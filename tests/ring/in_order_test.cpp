// The order in which chains were posted.
// [virtio 1.4] In-order use of descriptors

#include <doctest/doctest.h>

#include <vsnd/ring/in_order.hpp>

using vsnd::choice;
using vsnd::chosen;

namespace {
static_assert(chosen<choice::always>(false) && chosen<choice::always>(true));
static_assert(!chosen<choice::never>(false) && !chosen<choice::never>(true));
static_assert(!chosen<choice::negotiated>(false) && chosen<choice::negotiated>(true));
} // namespace

TEST_CASE("in_order: what was posted first comes first, round after round") {
    vsnd::posted_order<3> order;
    CHECK(order.empty());
    unsigned wrong = 0;
    vsnd::u16 in = 0;
    vsnd::u16 out = 0;
    for (unsigned i = 0; i < 1000; ++i) {
        for (unsigned n = 1 + i % 3; n != 0; --n)
            order.push(in++);
        while (!order.empty()) {
            wrong += order.front() != out++;
            order.pop();
        }
    }
    CHECK(wrong == 0);
    CHECK(in == out);
    order.push(7);
    order.clear();
    CHECK(order.empty());
    order.push(9);
    CHECK(order.front() == 9);
}

TEST_CASE("in_order: without the feature nothing is kept") {
    vsnd::posted_order<0> order;
    order.push(7);
    CHECK(order.empty());
    order.pop();
    order.clear();
    CHECK(order.front() == 0);
    CHECK(sizeof(order) < sizeof(vsnd::posted_order<1>));
}

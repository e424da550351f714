// Long random runs of packed_queue against a reference that is a handful of maps, with the device
// end written by hand in between, with and without IN_ORDER.
// [virtio 1.4] Packed Virtqueues / Virtqueue Operation, In-order use of descriptors

#include <doctest/doctest.h>

#include <deque>
#include <map>

#include <ring/packed_hand_device.hpp>
#include <support/rounds.hpp>

using namespace ring_test;
using support::rounds;
using vsnd::status_code;
using kind = vsnd::used::kind;

namespace {

struct random_source {
    uint64_t state;
    uint32_t below(uint32_t n) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<uint32_t>(state >> 33) % n;
    }
};

class run {
  public:
    run(unsigned size, uint64_t features, uint64_t seed)
        : b_(size, features), indirect_((features & indirect_bit) != 0),
          in_order_((features & in_order_bit) != 0), free_(size), random_{seed * 977 + 1} {}

    void steps(unsigned count) {
        for (unsigned i = 0; i < count && wrong_ == 0; ++i)
            step();
        CHECK(wrong_ == 0);
        size_t posted = 0;
        for (const auto& [name, chain] : chains_)
            posted += chain.posted;
        CHECK(b_.queue.in_device() == posted);
    }
    unsigned completed() const { return completed_; }
    unsigned stale_answers() const { return stale_; }
    unsigned refused() const { return refused_; }
    unsigned skipped() const { return skipped_; }

  private:
    struct bound {
        packed_bench<packed_in_order_policy>::queue_type::slot slot;
        std::vector<element> elements;
        uint32_t capacity = 0;
        unsigned takes = 0; // descriptors of the ring
        bool posted = false;
    };
    struct popped {
        size_t name;
        packed_hand_device::buffer buffer;
    };
    void expect(bool good) { wrong_ += !good; }

    void step() {
        switch (random_.below(16)) {
        case 0: return bind();
        case 1: return unbind();
        case 2: return stale();
        case 3:
        case 4: return kick();
        case 5:
        case 6:
        case 7:
        case 8: return post();
        case 9:
        case 10:
        case 11: return in_order_ ? complete_batch() : complete();
        default: return take();
        }
    }

    void bind() {
        const size_t reads = random_.below(4);
        const size_t writes = random_.below(4);
        std::vector<vsnd::part> parts;
        bound made;
        for (size_t i = 0; i < reads + writes; ++i) {
            parts.push_back({{uint64_t{random_.below(1U << 30)} << 4}, 1 + random_.below(5000)});
            made.elements.push_back({parts[i].address.value, parts[i].bytes, i >= reads});
            if (i >= reads) made.capacity += parts[i].bytes;
        }
        const size_t n = parts.size();
        made.takes = indirect_ && n > 1 && n <= 4 ? 1 : static_cast<unsigned>(n);
        const vsnd::chain c{{parts.data(), reads + writes}, reads};
        const auto slot = b_.queue.bind(c, cookie_of(next_name_));
        if (n == 0) return expect(slot.code() == status_code::invalid_argument);
        if (n > b_.size || made.takes > free_) {
            ++refused_;
            return expect(slot.code() == status_code::no_room);
        }
        expect(slot.ok());
        made.slot = slot.value();
        free_ -= made.takes;
        chains_.emplace(next_name_++, made);
    }

    std::map<size_t, bound>::iterator any_chain() {
        auto it = chains_.begin();
        if (!chains_.empty())
            std::advance(it, random_.below(static_cast<uint32_t>(chains_.size())));
        return it;
    }

    void unbind() {
        const auto it = any_chain();
        if (it == chains_.end()) return;
        const auto answer = b_.queue.unbind(it->second.slot);
        if (it->second.posted) return expect(answer == status_code::memory_still_owned);
        expect(answer == status_code::ok);
        free_ += it->second.takes;
        chains_.erase(it);
    }

    void post() {
        const auto it = any_chain();
        if (it == chains_.end() || it->second.posted) return;
        expect(b_.queue.post(it->second.slot) == status_code::ok);
        it->second.posted = true;
        unseen_.push_back(it->first);
    }

    void kick() {
        const unsigned flags = random_.below(2);
        b_.device.ask(0, flags);
        const int before = b_.rung;
        const bool fresh = unseen_.size() > seen_at_kick_;
        b_.queue.kick(1);
        if (flags == 1) expect(b_.rung == before);
        if (fresh && flags == 0) expect(b_.rung == before + 1);
        seen_at_kick_ = unseen_.size();
    }

    void pop_all() {
        while (b_.device.has_next()) {
            const size_t name = unseen_.front();
            unseen_.pop_front();
            const auto buffer = b_.device.pop();
            expect(buffer && buffer->elements == chains_.at(name).elements &&
                   buffer->takes == chains_.at(name).takes);
            if (buffer) with_device_.push_back({name, *buffer});
        }
        seen_at_kick_ = 0;
    }
    // A length, now and then one that cannot be; and what the driver makes of it.
    std::pair<uint32_t, uint32_t> length_for(size_t name) {
        const uint32_t capacity = chains_.at(name).capacity;
        if (random_.below(20) == 0) return {capacity + 1, 0};
        const uint32_t length = random_.below(capacity + 1);
        return {length, length};
    }

    void complete() {
        pop_all();
        if (with_device_.empty()) return;
        const size_t which = random_.below(static_cast<uint32_t>(with_device_.size()));
        const popped p = with_device_[which];
        with_device_.erase(with_device_.begin() + static_cast<ptrdiff_t>(which));
        const auto [length, expected] = length_for(p.name);
        b_.device.give(p.buffer, length);
        given_.push_back({p.name, expected});
    }

    // One answer for the oldest few: with the id of the last, at the place of the first.
    void complete_batch() {
        pop_all();
        if (with_device_.empty()) return;
        const size_t count = 1 + random_.below(static_cast<uint32_t>(with_device_.size()));
        unsigned takes = 0;
        for (size_t i = 0; i < count; ++i)
            takes += with_device_[i].buffer.takes;
        const popped& last = with_device_[count - 1];
        const auto [length, expected] = length_for(last.name);
        b_.device.give(last.buffer.id, length, takes);
        for (size_t i = 0; i + 1 < count; ++i)
            given_.push_back({with_device_[i].name, chains_.at(with_device_[i].name).capacity});
        given_.push_back({last.name, expected});
        skipped_ += static_cast<unsigned>(count - 1);
        with_device_.erase(with_device_.begin(),
                           with_device_.begin() + static_cast<ptrdiff_t>(count));
    }

    // An id that nobody has. How much of the ring it took the two sides may see differently, so
    // that they start over.
    void stale() {
        if (!unseen_.empty() || !with_device_.empty() || !given_.empty()) return;
        ++stale_;
        b_.device.give(random_.below(2000), 0, 1);
        expect(b_.queue.take().type == kind::dropped);
        expect(b_.queue.counters().unknown_ids == stale_);
        b_.queue.reset();
        b_.device.start_over();
    }

    void take() {
        const vsnd::used u = b_.queue.take();
        if (given_.empty()) return expect(u.type == kind::nothing && u.what == nullptr);
        const auto [name, length] = given_.front();
        given_.pop_front();
        expect(u.type == kind::completed && u.what == cookie_of(name) && u.written == length);
        chains_.at(name).posted = false;
        ++completed_;
    }

    packed_bench<packed_in_order_policy> b_;
    bool indirect_;
    bool in_order_;
    size_t free_;
    random_source random_;
    std::map<size_t, bound> chains_;
    std::deque<size_t> unseen_;                     // posted, not yet popped
    std::deque<popped> with_device_;                // popped, not yet answered
    std::deque<std::pair<size_t, uint32_t>> given_; // answered: name, length
    size_t next_name_ = 0;
    size_t seen_at_kick_ = 0;
    unsigned stale_ = 0;
    unsigned completed_ = 0;
    unsigned refused_ = 0;
    unsigned skipped_ = 0;
    unsigned wrong_ = 0;
};

} // namespace

TEST_CASE("packed: random operations agree with the reference") {
    unsigned number = 0;
    for (const unsigned size : {1U, 2U, 3U, 5U, 8U, 64U, 256U}) {
        for (const uint64_t features :
             {uint64_t{0}, indirect_bit, event_idx_bit, event_idx_bit | indirect_bit, in_order_bit,
              in_order_bit | event_idx_bit | indirect_bit}) {
            for (uint64_t seed = 1; seed <= 3; ++seed) {
                if (!support::one_in(11, number++)) continue;
                CAPTURE(size);
                CAPTURE(features);
                CAPTURE(seed);
                run r(size, features, seed);
                r.steps(8'000);
                CHECK(r.completed() > 100);
                if (size <= 64) CHECK(r.refused() > 10);
                if (size >= 8 && (features & in_order_bit) != 0) CHECK(r.skipped() > 50);
            }
        }
    }
}

TEST_CASE("packed: a random run through ten thousands of rounds") {
    for (const uint64_t features : {uint64_t{0}, event_idx_bit | indirect_bit, in_order_bit}) {
        run r(5, features, 99);
        r.steps(rounds(600'000));
        CHECK(r.completed() > rounds(30'000));
        CHECK(r.stale_answers() > rounds(100));
    }
}

// [virtio 1.4] In-order use of descriptors: the skipped buffers are assumed to have been used
// completely.
TEST_CASE("packed: with IN_ORDER the skipped come back full, and arm sees them") {
    packed_bench<packed_in_order_policy> b(8, in_order_bit | indirect_bit);
    const message m;
    std::vector<packed_hand_device::buffer> popped;
    for (size_t i = 0; i < 3; ++i) {
        REQUIRE(ok(b.queue.post(b.bind(m.chain(), i))));
        popped.push_back(b.device.pop().value());
    }
    b.device.give(popped[2].id, 5, 3);
    const vsnd::u32 skipped = 0;
    CHECK_FALSE(b.queue.take_and_arm(
        skipped, [](vsnd::cookie, auto) { return true; }, [](vsnd::cookie) { FAIL("taken"); }));
    for (size_t i = 0; i < 3; ++i) {
        CHECK(b.queue.arm(1) == true);
        const vsnd::used u = b.queue.take();
        CHECK(u.what == cookie_of(i));
        CHECK(u.written == (i < 2 ? 8 : 5));
    }
    CHECK(b.queue.take().type == kind::nothing);
    CHECK(b.queue.take_and_arm(
        skipped, [](vsnd::cookie, auto) { return true; }, [](vsnd::cookie) { FAIL("taken"); }));
    CHECK(b.queue.in_device() == 0);
}

// A policy that has IN_ORDER is not bound to it, and one that has not ignores the bit.
TEST_CASE("packed: without IN_ORDER an answer is for one chain") {
    const message m;
    const auto second_only = [&](auto& b) {
        REQUIRE(ok(b.queue.post(b.bind(m.chain(), 0))));
        REQUIRE(ok(b.queue.post(b.bind(m.chain(), 1))));
        (void)b.device.pop();
        b.device.give(b.device.pop().value(), 8);
        CHECK(b.queue.take().what == cookie_of(1));
        CHECK(b.queue.take().type == kind::nothing);
        CHECK(b.queue.in_device() == 1);
    };
    packed_bench<packed_in_order_policy> not_negotiated(8, indirect_bit);
    second_only(not_negotiated);
    packed_bench<> not_chosen(8, indirect_bit | in_order_bit);
    second_only(not_chosen);
}
